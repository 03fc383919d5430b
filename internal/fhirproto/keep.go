package fhirproto

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// AppendKept appends the JSON of fresh. A primitive whose value in the protos is the
// same as in stored has the text of stored. So a resource that goes out as a proto and
// comes back keeps its fractions of a second, its zone -00:00 and the white space in
// base64Binary wherever the program changed nothing.
//
// fresh is what AppendJSON made, parsed; stored is the version that it is about to
// replace. Elements are matched by field and, in an array, by index: an item that moved
// gets the text of its proto, which has the same value.
func AppendKept(dst []byte, stored, fresh *fhirjson.Document) []byte {
	k := keeper{
		stored: encoder{tables: loadTables(), doc: stored},
		fresh:  encoder{tables: loadTables(), doc: fresh},
		edits:  fhirjson.NewEdits(fresh),
	}
	if stored.Type() == fresh.Type() {
		k.children(0, 0)
	}
	return k.edits.Apply(dst)
}

// A keeper walks two tapes side by side. Its encoders make the proto values.
type keeper struct {
	stored, fresh encoder
	edits         *fhirjson.Edits
}

// children goes over the children of the nodes s and f, which are of one type.
func (k *keeper) children(s, f fhirjson.Index) {
	old, new := k.stored.doc.Nodes, k.fresh.doc.Nodes
	sEnd, fEnd := fhirjson.Index(old[s].Next), fhirjson.Index(new[f].Next)
	s, f = s+1, f+1
	for s < sEnd && f < fEnd {
		a, b := &old[s], &new[f]
		switch {
		case a.Field < b.Field:
			s = fhirjson.Index(a.Next)
			continue
		case a.Field > b.Field:
			f = fhirjson.Index(b.Next)
			continue
		}
		if a.Type == b.Type { // resources of one field may differ
			k.value(s, f)
			k.children(s, f)
		}
		s, f = fhirjson.Index(a.Next), fhirjson.Index(b.Next)
	}
}

// value keeps the stored text of the primitive s in f, if it has the same value.
func (k *keeper) value(s, f fhirjson.Index) {
	a, b := k.stored.doc, k.fresh.doc
	if !a.HasValue(s) || !b.HasValue(f) || a.Nodes[s].Kind != b.Nodes[f].Kind || bytes.Equal(a.Raw(s), b.Raw(f)) {
		return
	}
	desc := &k.fresh.fields[b.Nodes[f].Field]
	switch desc.kind {
	case kindBytes, kindInteger, kindDateTime, kindInstant, kindTime:
	default:
		return // these come back from a proto as they were
	}
	k.stored.dst, k.fresh.dst = k.stored.dst[:0], k.fresh.dst[:0]
	k.stored.value(s, desc)
	k.fresh.value(f, desc)
	if k.stored.err == nil && k.fresh.err == nil && bytes.Equal(k.stored.dst, k.fresh.dst) {
		k.edits.Replace(f, quoted(a, s))
	}
}

// quoted returns the source text of the primitive n, with the quotes of a string.
func quoted(doc *fhirjson.Document, n fhirjson.Index) []byte {
	node := &doc.Nodes[n]
	if node.Kind == fhirjson.String {
		return doc.Source[node.Start-1 : node.End+1]
	}
	return doc.Raw(n)
}
