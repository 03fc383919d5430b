package query

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// inHierarchy checks a value of :above or :below on a reference.
func (p *Parser) inHierarchy(v *Value, on *param.Param) error {
	switch {
	case v.Bare:
	case v.Reference.Type != 0 && p.Hierarchy(v.Reference.Type) == nil:
		return p.Fail(issue.Invalid, "%s has no hierarchy", v.Reference.Type)
	case v.Reference.Type == 0 && !slices.ContainsFunc(on.Streams, (*param.Stream).Canonical):
		return p.Fail(issue.Invalid, "must be a resource of this server")
	}
	return nil
}

// Canonical reports whether a reference is to no resource of this store by type and
// id.
func (v *Value) Canonical() bool { return v.Reference.Type == 0 && !v.Bare }
