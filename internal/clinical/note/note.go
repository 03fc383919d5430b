package note

import (
	"math"
	"sort"
)

// A Note is a text with its parts. It is not changed after Parse, so many
// goroutines may read it.
type Note struct {
	Text      string
	Tokens    []Token
	Sentences []Sentence // cover Tokens without a gap
	Sections  []Section  // cover Sentences without a gap

	folded string  // Text in the form that Word returns, with the offsets of Text
	points []int32 // code points before every 64th byte; nil in ASCII text
}

// Parse cuts text into its parts. Of a text longer than 2 GiB it reads the first
// 2 GiB.
func Parse(text string) *Note {
	if len(text) > math.MaxInt32 {
		text = text[:math.MaxInt32]
	}
	n := &Note{Text: text}
	n.scan()
	n.cut()
	return n
}

// Word returns the text of a token in lower case, without accents, with plain
// apostrophes and hyphens.
func (n *Note) Word(token int) string {
	t := &n.Tokens[token]
	return n.folded[t.Start:t.fold]
}

// Span returns the text from the first token up to and without the token last.
func (n *Note) Span(first, last int) string {
	if first >= last {
		return ""
	}
	return n.Text[n.Tokens[first].Start:n.Tokens[last-1].End]
}

// SentenceAt returns the index of the sentence that holds a token.
func (n *Note) SentenceAt(token int) int {
	return sort.Search(len(n.Sentences), func(i int) bool { return int(n.Sentences[i].Last) > token })
}

// TokenAt returns the index of the first token that ends after a byte offset, and
// len(Tokens) if there is none.
func (n *Note) TokenAt(offset int) int {
	return sort.Search(len(n.Tokens), func(i int) bool { return int(n.Tokens[i].End) > offset })
}
