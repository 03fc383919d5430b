package extract

import (
	_ "embed"
	"encoding/binary"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// versionsInside adds a note of the types of contained resources and the versions of
// what is extracted of them.
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
