package extract

import (
	_ "embed"
	"encoding/binary"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// contained adds the values of the resources that the document contains.
func (x *Extractor) contained(plan *param.TypePlan) {
	if plan.Contained == 0 {
		return
	}
	x.shift = param.FirstInside
	for c := range x.containedIn(plan) {
		typ := x.doc.Nodes[c].Type
		x.b.Token(x.Registry.Head(typ), 0, "", x.child(c, schema.Lookup(typ, "id")))
		if inner := x.Types[typ]; inner != nil {
			x.resource(c, inner)
		}
	}
	x.shift = 0
	clear(x.inner) // its keys are parts of the document
}

// localType returns the type of the resource to which #id leads, or 0: a contained
// resource, or without an id the container.
func (x *Extractor) localType(id string) schema.TypeID {
	if id == "" {
		return x.doc.Type()
	}
	if len(x.inner) == 0 {
		field := x.Types[x.doc.Type()].Contained
		for c := range x.doc.Children(0) {
			if node := &x.doc.Nodes[c]; node.Field == field && field != 0 {
				if own := x.child(c, schema.Lookup(node.Type, "id")); x.inner[own] == 0 {
					x.inner[own] = node.Type
				}
			}
		}
	}
	return x.inner[id]
}

// versionsInside adds a note with the types of contained resources and the extractor
// versions of these types.
func (x *Extractor) versionsInside(plan *param.TypePlan) {
	if plan.Contained == 0 {
		return
	}
	start := len(x.scratch)
	seen := schema.TypeID(0)
	for c := range x.containedIn(plan) {
		if typ := x.doc.Nodes[c].Type; typ != seen {
			x.scratch = binary.AppendUvarint(x.scratch, uint64(typ))
			x.scratch = binary.AppendUvarint(x.scratch, uint64(x.Versions[typ]))
			seen = typ
		}
	}
	if len(x.scratch) > start {
		x.b.Note(0, param.AsText(x.scratch[start:]))
	}
}

// containedIn iterates over the resources that the document contains.
func (x *Extractor) containedIn(plan *param.TypePlan) func(yield func(fhirjson.Index) bool) {
	return func(yield func(fhirjson.Index) bool) {
		nodes := x.doc.Nodes
		at, _ := x.doc.Child(0, plan.Contained)
		for c := uint32(at); c != 0 && c < nodes[0].Next && nodes[c].Field == plan.Contained; c = nodes[c].Next {
			if !yield(fhirjson.Index(c)) {
				return
			}
		}
	}
}
