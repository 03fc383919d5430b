package query

import (
	"fmt"
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// find returns the parameter of a type with the given code, and notes that the
// query asks for it if it is a custom one.
func (p *Parser) find(t schema.TypeID, code string) (*param.Param, bool) {
	found, ok := p.Registry.Find(t, code)
	if ok && found.Custom != nil && !slices.Contains(p.q.Customs, found.Custom) {
		p.q.Customs = append(p.q.Customs, found.Custom)
	}
	return found, ok
}

// supported reports a parameter that cannot be used depth steps away from the searched
// resources.
func (p *Parser) supported(found *param.Param, depth int) error {
	switch {
	case found.Special == param.SpecialUnsupported:
		return p.unsupported("not supported")
	case found.Custom != nil && depth == 0 && p.q.Containment.Inside:
		return p.Fail(issue.NotSupported, "contained resources have no values of %s, a custom search parameter", found.Row.Code)
	}
	return nil
}

// unfilled reports a parameter that has not all its values yet.
func (p *Parser) unfilled(c *param.Custom) *param.QueryError {
	reason := fmt.Sprintf("search parameter %s is being indexed, %d of %d", c.Code, c.Indexed.Load(), c.Total.Load())
	if c.Failed.Load() != nil {
		reason = fmt.Sprintf("search parameter %s could not be indexed", c.Code)
	}
	return &param.QueryError{Part: p.name, Code: issue.Transient, Reason: reason}
}

// final reports whether an error about one type of a chain's targets ends the whole
// chain: leaving the type out would make the answer wrong.
func final(err error) bool {
	e, ok := err.(*param.QueryError)
	return ok && (e.Code == issue.TooCostly || e.Code == issue.Transient)
}
