package fhirjson

import (
	"cmp"
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// Edits collects changes to a document and makes the text of the changed resource, to
// be parsed anew. It leaves the document as it is. New values must be JSON; the parse
// finds out whether they fit their elements.
//
// Two changes must not touch the same value, a value and a value inside it, or one
// field of one object. An Edits is for one goroutine.
type Edits struct {
	doc  *Document
	list []edit
}

// An edit puts texts, with commas between them, in the place of the source from start to
// end; head and tail go around them.
type edit struct {
	start, end uint32
	texts      [][]byte
	head, tail string
}

// size returns at most how many bytes the edit puts in.
func (c *edit) size() int {
	n := len(c.head) + len(c.tail) + len(c.texts)
	for _, text := range c.texts {
		n += len(text)
	}
	return n
}

func (c *edit) append(dst []byte) []byte {
	dst = append(dst, c.head...)
	for i, text := range c.texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, text...)
	}
	return append(dst, c.tail...)
}

// NewEdits returns no edits to doc, which must stay as it is while they are used.
func NewEdits(doc *Document) *Edits { return &Edits{doc: doc} }

// Replace puts raw in the place of the value of n, which must have one.
func (e *Edits) Replace(n Index, raw []byte) {
	node := &e.doc.Nodes[n]
	start, end := node.Start, node.End
	if node.Kind == String {
		start, end = start-1, end+1
	}
	e.list = append(e.list, edit{start: start, end: end, texts: [][]byte{raw}})
}

// SetItems replaces the items of field f of the object parent, an array of objects such
// as extension, by raw. Without items it removes the property, since no array may be
// empty; the object must have another property.
func (e *Edits) SetItems(parent Index, f schema.FieldID, raw ...[]byte) {
	first, ok := e.doc.Child(parent, f)
	switch {
	case !ok && len(raw) == 0:
		return
	case !ok:
		// A new property at the end. No object of a document is empty, so a comma
		// goes before it.
		end := e.doc.Nodes[parent].End - 1
		e.list = append(e.list, edit{end, end, raw, `,"` + f.Field().Name + `":[`, "]"})
		return
	}
	end := e.doc.Nodes[first].End
	for i := e.doc.Nodes[first].Next; i < e.doc.Nodes[parent].Next && e.doc.Nodes[i].Field == f; i = e.doc.Nodes[i].Next {
		end = e.doc.Nodes[i].End
	}
	start := e.doc.Nodes[first].Start
	if len(raw) == 0 {
		start, end = e.property(start, end)
	}
	e.list = append(e.list, edit{start: start, end: end, texts: raw})
}

// property widens the span of an array's items to that of its property, from the quote of
// the name to the bracket, and of one comma beside it.
func (e *Edits) property(start, end uint32) (uint32, uint32) {
	text := e.doc.Source
	isSpace := func(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
	back := func() byte { // what stands before start and white space
		for start--; isSpace(text[start]); start-- {
		}
		return text[start]
	}
	ahead := func() byte { // what stands at end or behind white space
		for isSpace(text[end]) {
			end++
		}
		end++
		return text[end-1]
	}
	back() // [
	back() // :
	back() // the quote behind the name, which has none inside
	for start--; text[start] != '"'; start-- {
	}
	ahead() // ]
	after := end
	if ahead() == ',' {
		return start, end
	}
	back() // the comma, or the brace of an object that has nothing else
	if text[start] != ',' {
		start++
	}
	return start, after
}

// Apply appends the source with the changes made.
func (e *Edits) Apply(dst []byte) []byte {
	slices.SortStableFunc(e.list, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	at, size := uint32(0), len(e.doc.Source)
	for i := range e.list {
		size += e.list[i].size()
	}
	dst = slices.Grow(dst, size)
	for i := range e.list {
		c := &e.list[i]
		dst = c.append(append(dst, e.doc.Source[at:c.start]...))
		at = c.end
	}
	return append(dst, e.doc.Source[at:]...)
}
