package lexicon

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// A Match is a run of tokens that means something.
type Match struct {
	First, Last int // tokens [First, Last)
	Senses      []Sense
}

// maxWord is the length of the longest word that is looked up.
const maxWord = 64

// near is how many tokens around an ambiguous abbreviation are looked at for context.
const near = 24

// A finder holds what one call of Find needs.
type finder struct {
	d       *Dictionary
	n       *note.Note
	ids     []wordID
	matches []Match
}

// Find returns the terms of the dictionary in a note, in order, none overlapping
// another. The caller must not change the senses.
func (d *Dictionary) Find(n *note.Note) []Match {
	f := &finder{d: d, n: n, ids: make([]wordID, len(n.Tokens))}
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
		if int(f.ids[i]) >= len(f.d.trie.top) {
			continue
		}
		node := f.d.trie.top[f.ids[i]]
		if node == 0 {
			continue
		}
		if m, ok := f.longest(node, i, last); ok {
			overlap = overlap || m.First < end
			end = max(end, m.Last)
			f.matches = append(f.matches, m)
		}
	}
	if overlap {
		f.matches = f.matches[:begin+resolve(f.matches[begin:])]
	}
}

// longest returns the longest phrase that begins at token i, whose first word leads to node.
func (f *finder) longest(node nodeID, i, last int) (Match, bool) {
	best := Match{First: i}
	if senses := f.accepted(node, i, i+1); senses != nil {
		best.Last, best.Senses = i+1, senses
	}
	after := f.ids[i]
	for j := i + 1; j < last; j++ {
		t := &f.n.Tokens[j]
		next := nodeID(0)
		if f.ids[j] != 0 {
			next = f.d.trie.child(node, f.ids[j])
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
				skips := f.d.skips
				if skips[after]&skipPreposition != 0 && skips[f.ids[j]]&skipArticle != 0 {
					continue
				}
				break
			}
		}
		node, after = next, f.ids[j]
		if senses := f.accepted(node, i, j+1); senses != nil {
			best.Last, best.Senses = j+1, senses
		}
	}
	if best.Senses == nil {
		return best, false
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
	case "/", "(", ")":
		return true
	case "'":
		return true
	case "-":
		return t.Flags&note.Space == next.Flags&note.Space
	case ".":
		return next.Flags&note.Space == 0
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
	plain := true
	for i := range senses {
		s := &senses[i]
		plain = plain && s.exact == "" && !s.Ambiguous && !s.short
	}
	if plain {
		if len(senses) == 0 {
			return nil
		}
		return senses
	}
	type hit struct {
		sense Sense
		words int
	}
	var hits []hit
	for _, s := range senses {
		if s.exact != "" && f.n.Span(first, last) != s.exact || s.short && !f.capitals(first) {
			continue
		}
		words := 0
		if s.Ambiguous {
			if words = f.contextWords(s.number, first, last); words == 0 {
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

// resolve drops the weaker one of matches that overlap, which lie in order, and returns
// how many are left.
func resolve(matches []Match) int {
	order := make([]int, len(matches))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return matches[b].weight() - matches[a].weight() })
	low := matches[0].First
	high := low
	for _, m := range matches {
		high = max(high, m.Last)
	}
	taken := make([]bool, high-low)
	for _, i := range order {
		m := &matches[i]
		if slices.Contains(taken[m.First-low:m.Last-low], true) {
			m.Senses = nil
			continue
		}
		for j := m.First; j < m.Last; j++ {
			taken[j-low] = true
		}
	}
	kept := 0
	for _, m := range matches {
		if m.Senses != nil {
			matches[kept] = m
			kept++
		}
	}
	return kept
}

// weight orders matches that overlap: longer ones first, then by kind, and anatomy last.
func (m *Match) weight() int {
	w := 8 * (m.Last - m.First)
	switch m.Senses[0].Entry.Kind {
	case vocabulary.Procedure:
		w += 4
	case vocabulary.Medication:
		w += 3
	case vocabulary.Test:
		w += 2
	case vocabulary.Condition:
		w++
	case vocabulary.Anatomy:
		w -= 1000
	}
	return w
}
