package lexicon

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// A Match is a run of tokens that means something.
type Match struct {
	First, Last int     // tokens [First, Last)
	Senses      []Sense // best first

	nested bool // may lie inside another match
}

// maxWord is the length of the longest word that is looked up.
const maxWord = 64

// near is how many tokens around an ambiguous abbreviation are looked at for context.
const near = 24

// A finder is the state of one call of Find.
type finder struct {
	d       *Dictionary
	n       *note.Note
	ids     []wordID
	matches []Match
}

// Find returns the terms of the dictionary in a note, in order. Two of them overlap only
// if one ends in a part of the body ("pain in the left knee") or if its name is
// that of a past procedure ("history of tubal ligation"): then both are found. The caller
// must not change the senses.
func (d *Dictionary) Find(n *note.Note) []Match {
	f := &finder{d: d, n: n, ids: make([]wordID, len(n.Tokens)), matches: make([]Match, 0, len(n.Tokens)/12+4)}
	for i := range f.ids {
		f.ids[i] = d.look(n, i)
	}
	for s := range n.Sentences {
		f.sentence(int(n.Sentences[s].First), int(n.Sentences[s].Last))
	}
	return f.matches
}

// look returns the number of a token.
func (d *Dictionary) look(n *note.Note, token int) wordID {
	t := &n.Tokens[token]
	if t.End-t.Start > maxWord {
		return 0
	}
	word := n.Word(token)
	if t.Kind == note.Punct {
		if word == "," {
			return d.comma
		}
		if word != "+" {
			return 0
		}
	}
	id := d.words.id(word)
	if id == 0 && strings.HasSuffix(word, "'s") {
		id = d.words.id(word[:len(word)-2])
	}
	return id
}

// sentence finds the terms of a sentence.
func (f *finder) sentence(first, last int) {
	begin := len(f.matches)
	end := first // of the matches so far
	overlap := false
	for i := first; i < last; i++ {
		if f.ids[i] == 0 {
			if m, ok := f.misspelled(i, first, last); ok {
				f.matches = append(f.matches, m)
				end = m.Last
			}
			continue
		}
		if int(f.ids[i]) >= len(f.d.trie.top) {
			continue
		}
		node := f.d.trie.top[f.ids[i]]
		if node == 0 {
			continue
		}
		if m, ok := f.longest(node, i, last); ok && !(m.Last == i+1 && f.isUnit(i)) {
			overlap = overlap || m.First < end
			end = max(end, m.Last)
			f.matches = append(f.matches, m)
		}
	}
	if overlap {
		f.uncover(f.matches[begin:])
		f.matches = f.matches[:begin+f.resolve(f.matches[begin:])]
	}
}

// longest returns the longest phrase that begins at token i, whose first word leads to node.
func (f *finder) longest(node nodeID, i, last int) (Match, bool) {
	best := Match{First: i}
	leaf := nodeID(0) // whose senses best has, if they are plain
	reached := func(node nodeID, last int) {
		if node&leafBit == 0 || last <= best.Last {
			return
		}
		if node&plainBit != 0 {
			leaf, best.Last = node, last
		} else if senses := f.accepted(node, i, last); senses != nil {
			leaf, best.Last, best.Senses = 0, last, senses
		}
	}
	reached(node, i+1)
	after := f.ids[i]
	// A word may be skipped and may also continue a phrase ("pain in the left knee" beside
	// "pain in left arm"). The phrase without the word is tried later.
	aside, asideAt, asideAfter := nodeID(0), 0, wordID(0)
	for j := i + 1; ; j++ {
		if j >= last {
			if aside == 0 {
				break
			}
			node, j, after, aside = aside, asideAt, asideAfter, 0
			if j >= last {
				break
			}
		}
		t := &f.n.Tokens[j]
		next := nodeID(0)
		if f.ids[j] != 0 {
			next = f.d.trie.child(node, f.ids[j])
		}
		skips := t.Kind != note.Punct && f.d.skip(after)&(skipPreposition|skipInjured) != 0 && f.d.skip(f.ids[j])&skipArticle != 0
		if next != 0 && skips && aside == 0 {
			aside, asideAt, asideAfter = node, j+1, after
		}
		if next == 0 {
			if t.Kind == note.Punct && f.passes(j, last) {
				continue
			}
			if t.Kind != note.Punct {
				if id := f.d.numeral(f.n.Word(j)); id != 0 {
					next = f.d.trie.child(node, id)
				}
			}
			if next == 0 {
				if skips {
					continue
				}
				if aside == 0 {
					break
				}
				node, j, after, aside = aside, asideAt-1, asideAfter, 0
				continue
			}
		}
		node, after = next, f.ids[j]
		reached(node, j+1)
	}
	if best.Last == 0 {
		return best, false
	}
	if leaf != 0 {
		best.Senses = f.d.sensesOf(leaf)
	}
	best.Last += f.closing(best)
	return best, true
}

// passes reports whether the mark at token j may stand inside a phrase.
func (f *finder) passes(j, last int) bool {
	if j+1 >= last {
		return false
	}
	t, next := &f.n.Tokens[j], &f.n.Tokens[j+1]
	switch f.n.Word(j) {
	case "/", "(", ")", "&":
		return true
	case "'":
		return true
	case "-":
		return t.Flags&note.Space == next.Flags&note.Space
	case ".": // "q.d.", "E. coli", "St. John"
		before := &f.n.Tokens[j-1]
		return next.Flags&note.Space == 0 || before.End-before.Start <= 2 && before.Kind == note.Word
	}
	return false
}

// closing returns 1 if the match opens a parenthesis that the token after it closes.
func (f *finder) closing(m Match) int {
	open := 0
	for i := m.First; i < m.Last; i++ {
		if f.n.Tokens[i].Kind == note.Punct {
			switch f.n.Word(i) {
			case "(":
				open++
			case ")":
				open--
			}
		}
	}
	if open == 1 && m.Last < len(f.n.Tokens) && f.n.Word(m.Last) == ")" {
		return 1
	}
	return 0
}

// accepted returns the senses of node that hold for tokens [first, last), nil if none.
func (f *finder) accepted(node nodeID, first, last int) []Sense {
	senses := f.d.sensesOf(node)
	type hit struct {
		sense Sense
		words int
	}
	var hits []hit
	for _, s := range senses {
		if s.exact != "" && !s.is(f.n.Span(first, last)) || s.Quality == Abbreviation && last == first+1 && !f.abbreviates(first, s.short) {
			continue
		}
		words := 0
		if s.Ambiguous {
			words = f.contextWords(s.Number, first, last)
			if s.Entry.Kind == vocabulary.Test && f.isValue(last) {
				words += 2
			}
			if s.Entry.Kind == vocabulary.Anatomy && first >= 2 && f.d.skip(f.ids[first-1])&skipArticle != 0 && f.d.skip(f.ids[first-2])&skipPreposition != 0 {
				words++ // "on the back"
			}
			if s.Entry.Kind == vocabulary.Condition && f.questions(first) {
				words++ // "?PE", "r/o ACS"
			}
			if words == 0 {
				continue
			}
		}
		hits = append(hits, hit{s, words})
	}
	if len(hits) == 0 {
		return nil
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return b.words - a.words })
	kept := make([]Sense, len(hits))
	for i, h := range hits {
		kept[i] = h.sense
	}
	return kept
}

// questions reports whether a question mark or "r/o" stands before token i.
func (f *finder) questions(i int) bool {
	if i == 0 {
		return false
	}
	switch f.n.Word(i - 1) {
	case "?":
		return true
	case "o":
		return i >= 3 && f.n.Word(i-2) == "/" && f.n.Word(i-3) == "r"
	}
	return false
}

// abbreviates reports whether a token stands for an abbreviation rather than for an
// English word that reads alike: "DOE", but not "does".
func (f *finder) abbreviates(token int, short bool) bool {
	if f.n.Tokens[token].Flags&note.Upper == 0 {
		return !short && !isEnglish(f.n.Word(token))
	}
	return !short || f.capitals(token)
}

// capitals reports whether a token stands in capitals in a sentence that does not.
func (f *finder) capitals(token int) bool {
	if f.n.Tokens[token].Flags&note.Upper == 0 {
		return false
	}
	s := f.n.Sentences[f.n.SentenceAt(token)]
	words, upper := 0, 0
	for i := max(int(s.First), token-10); i < min(int(s.Last), token+10); i++ {
		if t := &f.n.Tokens[i]; t.Kind == note.Word && t.End-t.Start > 3 {
			words++
			if t.Flags&note.Upper != 0 {
				upper++
			}
		}
	}
	return words == 0 || 2*upper < words || upper < 3
}

// contextWords counts the context words of an entry near tokens [first, last).
func (f *finder) contextWords(entry int32, first, last int) int {
	words := f.d.context[entry]
	count := 0
	for i := max(0, first-near); i < min(len(f.ids), last+near); i++ {
		if i == first {
			i = last - 1
			continue
		}
		if f.ids[i] != 0 && slices.Contains(words, f.ids[i]) {
			count++
		}
	}
	return count
}

// isValue reports whether the number that follows at token i is a test's value rather than
// a dose: "K 4.1", "Na of 138".
func (f *finder) isValue(i int) bool {
	word := func(i int) string {
		if i < len(f.n.Tokens) {
			return f.n.Word(i)
		}
		return ""
	}
	switch word(i) {
	case ":", "=", "of", "is", "was", "-":
		i++
	}
	if i >= len(f.n.Tokens) || f.n.Tokens[i].Kind != note.Number {
		return false
	}
	switch word(i + 1) {
	case "mg", "meq", "g", "mcg", "gram", "grams", "tab", "tabs", "tablet", "tablets", "units", "ml", "mmol":
		return word(i+2) == "/"
	}
	return true
}

// isUnit reports whether a token is a unit or a part of one: "24 HR", "mL/hr".
func (f *finder) isUnit(i int) bool {
	t := &f.n.Tokens[i]
	if i > 0 && f.n.Tokens[i-1].Kind == note.Number && f.n.Word(i) == "hr" && !f.isValue(i+1) {
		return true
	}
	return i >= 2 && t.End-t.Start <= 3 && t.Flags&(note.Space|note.Upper|note.Capital) == 0 && f.n.Word(i-1) == "/" && f.n.Tokens[i-1].Flags&note.Space == 0 &&
		f.n.Tokens[i-2].End-f.n.Tokens[i-2].Start <= 5 && f.n.Tokens[i-2].Flags&note.Upper == 0
}
