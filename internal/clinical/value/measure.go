package value

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
)

// A Span is a run of tokens [First, Last). It is empty if First is not below Last.
type Span struct{ First, Last int }

// Empty reports whether the span has no tokens.
func (s Span) Empty() bool { return s.First >= s.Last }

// A Measure is a value of a test with its unit, which may be empty.
type Measure struct{ Value, Unit Span }

// maxFiller is how many words may stand between a test and its value.
const maxFiller = 6

// maxMeasures is how many values one mention of a test has: "fell from 11.0 to 8.4".
const maxMeasures = 4

// Measures returns the values of a test whose name ends before token first. It looks no
// further than token last, which is where the next term or the sentence ends.
func Measures(n *note.Note, first, last int) []Measure {
	var all []Measure
	i, fillers := first, 0
	for i < last && fillers <= maxFiller {
		if m, next, ok := measure(n, i, last); ok {
			all = append(all, m)
			if len(all) == maxMeasures || next >= last || !joins(n.Word(next)) {
				break
			}
			i, fillers = next+1, 0
			continue
		}
		word := n.Word(i)
		if q := qualitative(n, i, last); q > i && len(all) == 0 {
			return append(all, Measure{Value: Span{i, q}, Unit: Span{q, q}})
		}
		if !isFiller(word) || n.Tokens[i].Flags&note.Line != 0 && n.Tokens[i].Kind == note.Punct {
			break
		}
		if word != ":" && word != "(" && word != ")" {
			fillers++
		}
		i++
	}
	return all
}

// joins reports whether a word stands between two values of one test.
func joins(word string) bool {
	switch word {
	case "to", "then", "->", "and", "from":
		return true
	}
	return false
}

func isFiller(word string) bool {
	switch word {
	case "of", "is", "was", "were", "are", "at", "=", ":", "level", "levels", "today", "(", ")", "-", "to", "from", "measured", "found", "be", "came", "back", "returned",
		"as", "result", "results", "count", "reading", "remains", "remained", "around", "approximately", "about", "in", "the", ">", "<", ">=", "<=", "~", "currently", "dropped", "increased", "rose", "fell",
		"decreased", "improved", "up", "down", "now", "most", "recent", "recently", "a", "value", "showed", "shows", "that", "with", "on", "admission", "score", "rate", "initial", "initially",
		"last", "only", "over", "under", "still", "stable", "run", "running", "trended", "peaked", "has", "been", "had":
		return true
	}
	return false
}

// measure reads a number with its unit at token i and returns the token after both.
func measure(n *note.Note, i, last int) (Measure, int, bool) {
	start := i
	if i < last && n.Tokens[i].Kind == note.Punct {
		switch n.Word(i) {
		case ">", "<", ">=", "<=", "~", "+", "-":
			if i+1 < last && n.Tokens[i+1].Flags&note.Space == 0 {
				i++
			}
		}
	}
	if i >= last || n.Tokens[i].Kind != note.Number {
		return Measure{}, i, false
	}
	number := n.Word(i)
	i++
	bare := true // one number and nothing else
	for parts := 1; i+1 < last && parts < 3 && n.Tokens[i+1].Kind == note.Number; parts++ {
		mark := n.Word(i)
		tight := n.Tokens[i].Flags&note.Space == 0 && n.Tokens[i+1].Flags&note.Space == 0
		if mark != "/" && !(mark == "-" && tight) {
			break
		}
		bare = false
		i += 2
	}
	if i < last && n.Word(i) == "+" && n.Tokens[i].Flags&note.Space == 0 {
		i++
	}
	if i+1 < last && n.Word(i) == "x" && strings.HasPrefix(n.Word(i+1), "10") {
		bare = false // the power of ten belongs to the unit
	}
	m := Measure{Value: Span{start, i}, Unit: Span{i, i}}
	if unit := unitAt(n, i, last); unit > i {
		m.Unit.Last = unit
		return m, unit, true
	}
	if i < last && n.Word(i) == "/" || isTime(n, i, last) || isDose(n, i, last) || bare && isYear(number) {
		return Measure{}, i, false
	}
	// "x3", "3rd", "12hr": a number with letters joined to it is no value.
	if i < last && n.Tokens[i].Kind == note.Word && n.Tokens[i].Flags&note.Space == 0 {
		return Measure{}, i, false
	}
	if dates := strings.Count(n.Span(start, i), "/") + strings.Count(n.Span(start+1, max(i, start+1)), "-"); dates == 2 {
		return Measure{}, i, false
	}
	return m, i, true
}

// isTime reports whether the word at token i makes the number before it a time.
func isTime(n *note.Note, i, last int) bool {
	if i >= last {
		return false
	}
	if n.Word(i) == "-" && i+1 < last {
		i++
	}
	switch n.Word(i) {
	case "day", "days", "week", "weeks", "wk", "wks", "month", "months", "mo", "year", "years", "yr", "yrs", "hour", "hours", "hr", "hrs", "minutes", "min", "ago", "am", "pm", "times", "time", "h":
		return true
	}
	return false
}

// isDose reports whether the word at token i makes the number before it a dose.
func isDose(n *note.Note, i, last int) bool {
	if i >= last {
		return false
	}
	switch n.Word(i) {
	case "tab", "tabs", "tablet", "tablets", "cap", "caps", "capsule", "capsules", "puff", "puffs", "drop", "drops", "units", "unit", "spray", "sprays":
		return true
	}
	return false
}

func isYear(number string) bool {
	return len(number) == 4 && (number[:2] == "19" || number[:2] == "20")
}

// qualitative returns the end of a value in words at token i, or i.
func qualitative(n *note.Note, i, last int) int {
	switch n.Word(i) {
	case "positive", "negative", "neg", "pos", "normal", "abnormal", "elevated", "reactive", "nonreactive", "undetectable", "detected", "detectable", "trace", "wnl", "borderline", "indeterminate":
		return i + 1
	case "high", "low":
		if i+1 == last || n.Tokens[i+1].Kind == note.Punct && n.Word(i+1) != "-" {
			return i + 1
		}
	case "non":
		if i+2 < last && n.Word(i+1) == "-" && n.Word(i+2) == "reactive" {
			return i + 3
		}
	case "not":
		if i+1 < last && n.Word(i+1) == "detected" {
			return i + 2
		}
	case "within":
		if i+2 < last && n.Word(i+1) == "normal" && strings.HasPrefix(n.Word(i+2), "limit") {
			return i + 3
		}
	}
	return i
}
