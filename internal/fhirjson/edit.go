package fhirjson

import (
	"cmp"
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// Edits collects changes to a document and makes the text of the changed
// resource, to be parsed anew. It leaves the document as it is. What is put in
// must be JSON; whether it fits its element is found by that parse.
//
// Two changes must not touch the same value, nor one value and what is under it,
// except that any number of items may be appended. An Edits is for one goroutine.
type Edits struct {
	doc  *Document
	list []edit
}

// An edit puts text in the place of the source from start to end.
type edit struct {
	start, end uint32
	text       []byte
	parent     Index // with field, of an edit that adds a property
	field      schema.FieldID
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
	e.list = append(e.list, edit{start: start, end: end, text: raw})
}

// Set gives field f of the object parent, which is no array, the value raw.
func (e *Edits) Set(parent Index, f schema.FieldID, raw []byte) {
	if n, ok := e.doc.Child(parent, f); ok && e.doc.Nodes[n].Kind != Null {
		e.Replace(n, raw)
		return
	}
	e.add(parent, f, `":`, raw, "")
}

// Append adds the item raw to field f of the object parent, an array of objects
// such as extension, after the items that it has.
func (e *Edits) Append(parent Index, f schema.FieldID, raw []byte) {
	n, ok := e.doc.Child(parent, f)
	if !ok {
		for i := range e.list {
			if added := &e.list[i]; added.field == f && added.parent == parent {
				added.text = append(added.text[:len(added.text)-1], ',')
				added.text = append(append(added.text, raw...), ']')
				return
			}
		}
		e.add(parent, f, `":[`, raw, "]")
		return
	}
	end := e.doc.Nodes[n].End
	for i := e.doc.Nodes[n].Next; i < e.doc.Nodes[parent].Next && e.doc.Nodes[i].Field == f; i = e.doc.Nodes[i].Next {
		end = e.doc.Nodes[i].End
	}
	e.list = append(e.list, edit{start: end, end: end, text: append([]byte{','}, raw...)})
}

// add puts a new property at the end of the object parent. No object of a
// document is empty, so a comma goes before it.
func (e *Edits) add(parent Index, f schema.FieldID, before string, raw []byte, after string) {
	text := append(append([]byte(`,"`), f.Field().Name...), before...)
	text = append(append(text, raw...), after...)
	end := e.doc.Nodes[parent].End - 1
	e.list = append(e.list, edit{start: end, end: end, text: text, parent: parent, field: f})
}

// Apply appends the source with the changes made.
func (e *Edits) Apply(dst []byte) []byte {
	slices.SortStableFunc(e.list, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	at := uint32(0)
	for _, c := range e.list {
		dst = append(append(dst, e.doc.Source[at:c.start]...), c.text...)
		at = c.end
	}
	return append(dst, e.doc.Source[at:]...)
}
