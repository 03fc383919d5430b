package dosage

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// Find returns the spans of the tokens [first, last) of a note, in order.
func Find(n *note.Note, first, last int) []Span {
	p := &parser{n: n, end: min(last, len(n.Tokens))}
	return p.find(max(first, 0), p.end, -1, first, nil)
}
