package param

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// Hierarchy returns the parameter by which resources of a type say what they are
// part of, where that is of the same type: Location.partof (FHIR R4 §3.1.1.4.14).
func (r *Registry) Hierarchy(t schema.TypeID) *Param {
	for _, code := range []string{"partof", "part-of"} {
		if p, ok := r.Find(t, code); ok && slices.Contains(p.Row.Targets, t) {
			return p
		}
	}
	return nil
}

// HasHierarchy reports whether :above and :below mean something for a reference
// parameter: what it leads to has a hierarchy or versions.
func (r *Registry) HasHierarchy(p *Param) bool {
	if slices.ContainsFunc(p.Streams, (*Stream).Canonical) {
		return true
	}
	return slices.ContainsFunc(r.Targets(p), func(t schema.TypeID) bool { return r.Hierarchy(t) != nil })
}
