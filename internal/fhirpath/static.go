package fhirpath

import (
	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Yields returns the names of the types that the items of a result can have, as
// [Item.Type] gives them. An abstract type stands for all that specialise it. any is
// true if the types are unknown before an evaluation; names then has the known ones. If
// any is false and names is empty, there is never a result.
func (e *Expression) Yields() (names []string, any bool) {
	for _, t := range e.shape.nodes {
		names = append(names, t.String())
	}
	for sort := sortBoolean; sort <= sortType; sort++ {
		if e.shape.values>>sort&1 != 0 {
			names = append(names, systemNames[sort])
		}
	}
	return names, e.shape.open
}

// Pure reports whether the result depends on the resource alone: not on the time of the
// evaluation, on the caller's variables and functions, or on [Services]. resolve is
// pure: without a service it finds targets in the resource.
func (e *Expression) Pure() bool { return !e.impure }

// AppliesTo reports whether the expression can yield items on a context of a type. It
// cannot if each of its alternatives begins with the name of another type, as in a
// search parameter of several resource types.
func (e *Expression) AppliesTo(typ string) bool {
	t, ok := schema.TypeOf(typ)
	return ok && appliesTo(e.tree, t)
}

func appliesTo(n syntax.Node, t schema.TypeID) bool {
	switch n := n.(type) {
	case *syntax.Binary:
		return n.Operator != "|" || appliesTo(n.Left, t) || appliesTo(n.Right, t)
	case *syntax.Invocation:
		return appliesTo(n.Left, t)
	case *syntax.Indexer:
		return appliesTo(n.Left, t)
	case *syntax.TypeTest:
		return appliesTo(n.Operand, t)
	case *syntax.Member:
		root, ok := n.LeadingType()
		return !ok || t.Is(root) || root.Is(t)
	}
	return true
}
