package value

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// A Kind is the kind of a modifier.
type Kind uint8

// The kinds of modifiers.
const (
	Acuity    Kind = iota + 1 // acute, chronic, sudden
	Direction                 // left, right, upper
)

// A Modifier is a word beside a term.
type Modifier struct {
	Span
	Kind Kind
}

// kindOf returns the kind of a word as a modifier, 0 if it is none.
func kindOf(word string) Kind {
	switch word {
	case "acute", "chronic", "subacute", "sudden", "recurrent", "persistent", "intermittent", "gradual", "progressive", "hyperacute", "longstanding", "acutely", "chronically":
		return Acuity
	case "left", "right", "bilateral", "bilaterally", "both", "medial", "lateral", "anterior", "posterior", "proximal", "distal", "unilateral", "ipsilateral", "contralateral", "dorsal", "ventral",
		"upper", "lower", "inferior", "superior", "l", "r":
		return Direction
	}
	return 0
}

// passes reports whether a word may stand between a modifier and its term.
func passes(word string) bool {
	switch word {
	case "-", "sided", "sided,", "severe", "mild", "moderate", "new", "onset", "of", "the", "his", "her", "and", "small", "large", "worsening", "stable", "known", "side", "exacerbation", "/":
		return true
	}
	return false
}

// maxModifiers is how many tokens before or after a term are looked at.
const maxModifiers = 5

// Before returns the modifiers that stand right before the term which begins at token
// first, down to token floor, in order.
func Before(n *note.Note, floor, first int) []Modifier {
	var all []Modifier
	for i := first - 1; i >= max(floor, first-maxModifiers); i-- {
		word := n.Word(i)
		switch k := kindOf(word); {
		case len(word) == 1 && k == Direction && n.Tokens[i].Flags&note.Capital == 0:
			return all // "l" and "r" mean sides only as capitals
		case k != 0:
			all = append([]Modifier{{Span{i, i + 1}, k}}, all...)
		case !passes(word):
			return all
		}
	}
	return all
}

// Inside returns the modifiers among the tokens [first, last) of a term.
func Inside(n *note.Note, first, last int) []Modifier {
	var all []Modifier
	for i := first; i < min(last, first+16); i++ {
		if word := n.Word(i); len(word) > 1 {
			if k := kindOf(word); k != 0 {
				all = append(all, Modifier{Span{i, i + 1}, k})
			}
		}
	}
	return all
}

// After returns the side that stands right after the term which ends before token last:
// "knees bilaterally", "pleural effusion on the left". It looks no further than limit.
func After(n *note.Note, last, limit int) []Modifier {
	i := last
	if i < limit && n.Word(i) == "," {
		i++
	}
	if i < limit {
		switch n.Word(i) {
		case "bilaterally", "right", "left":
			if i == last || n.Word(i) == "bilaterally" || endsSentence(n, i+1) || n.Word(i+1) == "worse" || n.Word(i+1) == "greater" || n.Tokens[i+1].Kind == note.Punct && n.Word(i+1) != "-" {
				return []Modifier{{Span{i, i + 1}, Direction}}
			}
			return nil
		}
	}
	if i == last && i+2 < limit && (n.Word(i) == "on" || n.Word(i) == "in") && n.Word(i+1) == "the" {
		if w := n.Word(i + 2); w == "left" || w == "right" {
			if i+3 >= limit || n.Tokens[i+3].Kind == note.Punct || n.Word(i+3) == "side" || n.Word(i+3) == "and" || n.Word(i+3) == "after" {
				return []Modifier{{Span{i + 2, i + 3}, Direction}}
			}
		}
	}
	return nil
}

// endsSentence reports whether a sentence ends before token i.
func endsSentence(n *note.Note, i int) bool {
	return i >= len(n.Tokens) || int(n.Sentences[n.SentenceAt(i)].First) == i
}

// Links reports whether the tokens [first, last) tie a condition to a part of the body: "of
// the left", "radiating to her".
func Links(n *note.Note, first, last int) bool {
	if last-first > maxModifiers || first > last {
		return false
	}
	tie := false
	for i := first; i < last; i++ {
		switch word := n.Word(i); word {
		case "of", "in", "on", "to", "at", "over", "involving", "around", "into", "within", "along", "behind", "above", "below":
			tie = true
		case "the", "his", "her", "their", "my", "a", "an", "radiating", "affecting", "located", "-", "sided", "side", "aspect":
		default:
			if kindOf(word) != Direction {
				return false
			}
		}
	}
	return tie || first == last
}
