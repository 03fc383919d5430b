package query

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// A filterElement is a name that filters alone have: an element with named parts. A
// filter in brackets selects the element, as in relatesTo[code eq replaces].target re
// DocumentReference/1 (FHIR R4 §3.1.3.3). A composite parameter compares two parts of
// one element.
type filterElement struct {
	typ, name string
	composite string   // the code of the composite
	parts     []string // the names of its parts, in order
}

// filterElements are the elements whose composite parameters R4 still has.
var filterElements = []filterElement{
	{"Group", "characteristic", "characteristic-value", []string{"code", "value"}},
	{"DocumentReference", "relatesTo", "relationship", []string{"target", "code"}},
}

// elementOf returns the element that a path on a type begins with, nil if it begins
// with a parameter.
func elementOf(t schema.TypeID, path []filterStep) *filterElement {
	for i := range filterElements {
		if e := &filterElements[i]; e.typ == t.String() && e.name == path[0].name && path[0].where != nil {
			return e
		}
	}
	return nil
}

// bindElement makes a condition of a path through an element: a test in brackets on
// one part, and a test of another.
func (p *Parser) bindElement(t schema.TypeID, e *filterElement, node *filterNode, path []filterStep) (Condition, error) {
	where := path[0].where
	if len(path) != 2 || path[1].where != nil || where.kind != filterTest || len(where.path) != 1 || where.path[0].name == path[1].name {
		return nil, p.Fail(issue.NotSupported, "%s takes one test in brackets and one after them, of another part", e.name)
	}
	on, _ := p.find(t, e.composite)
	v := Value{Parts: make([]Value, len(e.parts))}
	for _, test := range []struct{ name, op, text string }{
		{where.path[0].name, where.op, where.value}, {path[1].name, node.op, node.value},
	} {
		i := slices.Index(e.parts, test.name)
		if i < 0 {
			return nil, p.Fail(issue.Invalid, "%s has no part of that name", e.name)
		}
		part := on.Composites[0].Components[i].Param
		if test.op != "eq" && (test.op != "re" || part.Row.Type != schema.ParamReference) {
			return nil, p.Fail(issue.NotSupported, "the parts of %s are compared by eq alone, and references by re", e.name)
		}
		var err error
		if v.Parts[i], err = p.value(part, param.Plain, escapedFilter(part.Row.Type, test.text)); err != nil {
			return nil, err
		}
	}
	return &Match{Type: t, Param: on, Values: []Value{v}}, nil
}
