package param

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A pathCompiler makes paths of the syntax tree of a FHIRPath expression. Paths lead to
// the elements that an evaluation of the expression yields, or there are none: most
// expressions of R4 are made of names, unions, as, ofType, extension, an index and three
// shapes of where, and these paths can say. Each method reports whether they can.
//
// An element with a choice of types is a path for each type.
type pathCompiler struct {
	resource schema.TypeID
	from     path // what the expression is evaluated on
}

// pathsOf returns the paths of an expression that is evaluated on the end of a path from
// the root of a resource.
func pathsOf(tree syntax.Node, resource schema.TypeID, from path) ([]path, bool) {
	c := pathCompiler{resource, from}
	if both, ok := tree.(*syntax.Binary); ok && both.Operator == "and" {
		return c.existing(both)
	}
	return c.follow(tree)
}

// existing compiles "x.exists() and x != false".
func (c *pathCompiler) existing(n *syntax.Binary) ([]path, bool) {
	exists, ok1 := n.Left.(*syntax.Invocation)
	unequal, ok2 := n.Right.(*syntax.Binary)
	if !ok1 || !ok2 || unequal.Operator != "!=" || syntax.Format(exists.Left) != syntax.Format(unequal.Left) {
		return nil, false
	}
	call, ok1 := exists.Right.(*syntax.Call)
	constant, ok2 := unequal.Right.(*syntax.Literal)
	if !ok1 || !ok2 || call.Name != "exists" || len(call.Args) > 0 || constant.Sort != syntax.Boolean || constant.Text != "false" {
		return nil, false
	}
	at, ok := c.follow(exists.Left)
	for i := range at {
		h := at[i].hops
		single := len(h) == 1 && h[0].filter.Kind == filterNone && h[0].field.Field().Max == 1
		ok = ok && single && at[i].typ.Type().Kind == schema.KindPrimitive
		at[i].exists = true
	}
	return at, ok && len(c.from.hops) == 0
}

// follow compiles what nothing stands before, and what follows it.
func (c *pathCompiler) follow(n syntax.Node) ([]path, bool) {
	switch n := n.(type) {
	case *syntax.Member:
		if t, ok := n.LeadingType(); ok {
			return c.leading(t)
		}
		return c.child([]path{c.from}, n.Name)
	case *syntax.Call:
		return c.call([]path{c.from}, n)
	case *syntax.Special:
		return []path{c.from}, n.Name == "$this"
	case *syntax.Variable:
		return []path{{typ: c.resource, root: true}}, n.Name == "resource"
	case *syntax.Invocation:
		at, ok := c.follow(n.Left)
		if !ok {
			return nil, false
		}
		switch right := n.Right.(type) {
		case *syntax.Member:
			return c.child(at, right.Name)
		case *syntax.Call:
			return c.call(at, right)
		}
	case *syntax.Indexer:
		at, ok := c.follow(n.Left)
		if index, is := n.Index.(*syntax.Literal); ok && is && index.Sort == syntax.Number && index.Text == "0" {
			return c.first(at)
		}
	case *syntax.TypeTest:
		if at, ok := c.follow(n.Operand); ok && n.Operator == "as" {
			return c.as(at, n.Type)
		}
	case *syntax.Binary:
		left, ok1 := c.follow(n.Left)
		right, ok2 := c.follow(n.Right)
		return slices.Concat(left, right), ok1 && ok2 && n.Operator == "|"
	}
	return nil, false
}

// leading compiles the name of a type that an expression begins with: what it is
// evaluated on, if that is of the type.
func (c *pathCompiler) leading(t schema.TypeID) ([]path, bool) {
	if c.from.typ.Is(t) {
		return []path{c.from}, true
	}
	return nil, !c.from.typ.Type().Abstract
}

// child goes to the element of the given name, to every type of it.
func (c *pathCompiler) child(from []path, name string) ([]path, bool) {
	var next []path
	for _, at := range from {
		if at.typ.Type().Abstract {
			return nil, false
		}
		for f, end := schema.Element(at.typ, name); f < end; f++ {
			to := at
			to.hops = append(at.hops[:len(at.hops):len(at.hops)], hop{field: f})
			to.typ = f.Field().Type
			next = append(next, to)
		}
	}
	return next, len(next) > 0 || len(from) == 0
}

func (c *pathCompiler) call(at []path, n *syntax.Call) ([]path, bool) {
	if len(n.Args) != 1 {
		return nil, false
	}
	switch n.Name {
	case "as", "ofType":
		name, ok := syntax.TypeNameOf(n.Args[0])
		if !ok {
			return nil, false
		}
		return c.as(at, name)
	case "extension":
		url, ok := textOf(n.Args[0])
		if !ok {
			return nil, false
		}
		return c.extension(at, url)
	case "where":
		return c.where(at, n.Args[0])
	}
	return nil, false
}

// as keeps the paths that lead to a type, and none to a specialisation, as an evaluation
// does: "ConceptMap.source as uri" is no canonical.
func (c *pathCompiler) as(from []path, name syntax.TypeName) (kept []path, ok bool) {
	t := name.FHIR()
	if t == 0 || t.Type().Abstract {
		return nil, false
	}
	for _, at := range from {
		if at.typ == t {
			kept = append(kept, at)
		} else if at.typ.Type().Abstract {
			return nil, false
		}
	}
	return kept, true
}

// first compiles [0]. It is the first item of one field of one element.
func (c *pathCompiler) first(at []path) ([]path, bool) {
	if len(at) != 1 {
		return nil, false
	}
	hops := at[0].hops
	for i := at[0].base; i < len(hops)-1; i++ {
		if hops[i].field.Field().Max != 1 {
			return nil, false
		}
	}
	return c.narrow(at, func(schema.TypeID) (Filter, bool) { return Filter{Kind: FilterFirst}, true })
}

// extension goes to the extensions with a URL.
func (c *pathCompiler) extension(at []path, url string) ([]path, bool) {
	at, ok := c.child(at, "extension")
	if !ok {
		return nil, false
	}
	return c.narrow(at, func(t schema.TypeID) (Filter, bool) { return equals(t, "url", url) })
}

func (c *pathCompiler) where(at []path, criterion syntax.Node) ([]path, bool) {
	switch n := criterion.(type) {
	case *syntax.Binary: // system='email'
		element, ok1 := n.Left.(*syntax.Member)
		text, ok2 := textOf(n.Right)
		if !ok1 || !ok2 || n.Operator != "=" {
			return nil, false
		}
		return c.narrow(at, func(t schema.TypeID) (Filter, bool) { return equals(t, element.Name, text) })
	case *syntax.TypeTest: // resolve() is Patient
		resolve, ok := n.Operand.(*syntax.Call)
		to, isResource := schema.ResourceType(n.Type.Name)
		if !ok || n.Operator != "is" || resolve.Name != "resolve" || len(resolve.Args) > 0 || !isResource || n.Type.FHIR() != to {
			return nil, false
		}
		return c.narrow(at, func(t schema.TypeID) (Filter, bool) {
			return Filter{Kind: FilterResolves, Type: to}, t == schema.TypeReference || isText(t)
		})
	case *syntax.Call: // hasExtension('url')
		if n.Name != "hasExtension" || len(n.Args) != 1 {
			return nil, false
		}
		if url, ok := textOf(n.Args[0]); ok {
			return c.narrow(at, func(schema.TypeID) (Filter, bool) { return Filter{Kind: FilterExtension, Text: url}, true })
		}
	}
	return nil, false
}

// equals returns the filter that compares one child with a text.
func equals(t schema.TypeID, element, text string) (Filter, bool) {
	first, end := schema.Element(t, element)
	if end-first != 1 || first.Field().Max != 1 || !isText(first.Field().Type) {
		return Filter{}, false
	}
	return Filter{Kind: FilterEquals, Field: first, Text: text}, true
}

// narrow puts a filter on the last hop, which must have none yet.
func (c *pathCompiler) narrow(from []path, filter func(schema.TypeID) (Filter, bool)) ([]path, bool) {
	narrowed := slices.Clone(from)
	for i, at := range from {
		last := len(at.hops) - 1
		if last < at.base || at.hops[last].filter.Kind != filterNone {
			return nil, false
		}
		f, ok := filter(at.typ)
		if !ok {
			return nil, false
		}
		hops := slices.Clone(at.hops)
		hops[last].filter = f
		narrowed[i].hops = hops
	}
	return narrowed, true
}

// textOf returns the content of a string that is written out.
func textOf(n syntax.Node) (string, bool) {
	if l, ok := n.(*syntax.Literal); ok && l.Sort == syntax.String {
		return l.Text, true
	}
	return "", false
}

// isText reports whether elements of a type are compared as texts.
func isText(t schema.TypeID) bool {
	switch t.String() {
	case "string", "code", "id", "markdown", "uri", "url", "canonical", "oid", "uuid":
		return true
	}
	return false
}
