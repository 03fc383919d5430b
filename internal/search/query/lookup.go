package query

import "github.com/fhirlake/fhirlake/internal/search/param"

// MayLeadTo reports whether a reference that is only text may be to the type that
// the modifier names.
func (v *Value) MayLeadTo(r *param.Registry) bool {
	t := r.TypeOfReference(v.Reference.Text)
	return v.Target == 0 || t == 0 || t == v.Target
}
