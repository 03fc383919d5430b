package fhirpath

import (
	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// choice compiles iif. Its arguments are evaluated on its input, if it has one of
// its own.
func (c *compiler) choice(n *syntax.Call, input operation, from, outer shape) (operation, shape, error) {
	o := &choice{position: n.Position}
	focus := outer
	if f, ok := input.(*focusOperation); !ok || f.Pos() != n.Pos() {
		o.input, focus = input, from
	}
	args, shapes, err := c.args(n.Args, focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n.Args[0], shapes[0], kindBoolean, "the criterion of iif"); err != nil {
		return nil, shape{}, err
	}
	o.criterion, o.then = args[0], args[1]
	if len(args) == 3 {
		o.otherwise = args[2]
		return o, shapes[1].or(shapes[2]), nil
	}
	return o, shapes[1], nil
}

func (c *compiler) coalesce(n *syntax.Call, _ operation, _, focus shape) (operation, shape, error) {
	args, shapes, err := c.args(n.Args, focus)
	var result shape
	for _, s := range shapes {
		result = result.or(s)
	}
	return &coalesce{n.Position, args}, result, err
}

func (c *compiler) trace(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	name, s, err := c.inScope(n.Args[0], focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n.Args[0], s, kindString, n.Name); err != nil {
		return nil, shape{}, err
	}
	c.uses.other++
	o := &tracing{position: n.Position, input: input, name: name}
	if len(n.Args) == 2 {
		o.projected, _, err = c.iteration(n.Args[1], from)
	}
	return o, from, err
}

// defineVariable compiles a definition. The name must be written out, so that it is
// known where it can be used.
func (c *compiler) defineVariable(n *syntax.Call, input operation, from, _ shape) (operation, shape, error) {
	name, ok := n.Args[0].(*syntax.Literal)
	if !ok || name.Sort != syntax.String {
		return nil, shape{}, c.fail(ErrSemantic, n, "defineVariable takes a name that is written out")
	}
	if c.reserved(name.Text) {
		return nil, shape{}, c.fail(ErrSemantic, n, "variable %%%s is defined already", name.Text)
	}
	o := &definition{position: n.Position, input: input, slot: c.slots}
	s := from
	if len(n.Args) == 2 {
		var err error
		if o.value, s, err = c.inScope(n.Args[1], from); err != nil {
			return nil, shape{}, err
		}
	}
	c.slots++
	c.uses.other++
	c.variables = &variableScope{name.Text, o.slot, s, c.variables}
	return o, from, nil
}

// reserved reports whether a variable of the name is defined in this scope, by
// FHIRPath or by FHIR.
func (c *compiler) reserved(name string) bool {
	for s := c.variables; s != nil; s = s.outer {
		if s.name == name {
			return true
		}
	}
	switch name {
	case "context", "resource", "rootResource":
		return true
	}
	return environment[name] != ""
}

func (c *compiler) section(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	if err := c.ordered(n, from); err != nil {
		return nil, shape{}, err
	}
	count, s, err := c.inScope(n.Args[0], focus)
	if err != nil {
		return nil, shape{}, err
	}
	return &section{n.Position, input, count, n.Name == "take"}, from, c.expect(n.Args[0], s, kindNumber, n.Name)
}

// children compiles children and descendants. The types of children are known if the
// parents' types are.
func (c *compiler) children(n *syntax.Call, input operation, from, _ shape) (operation, shape, error) {
	o := &children{n.Position, input, n.Name == "descendants"}
	to := shape{open: true}
	if !o.deep && !from.hasAbstract() {
		to.open = false
		for _, t := range from.nodes {
			for f := t.Type().First; f < t.Type().End; f++ {
				to.nodes = append(to.nodes, f.Field().Type)
			}
		}
		to.nodes = normalise(to.nodes)
	}
	to.unordered = true
	return o, to, nil
}

func (c *compiler) split(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	if err := c.expect(n, from, kindString, n.Name); err != nil {
		return nil, shape{}, err
	}
	o := &splitting{position: n.Position, input: input}
	if len(n.Args) == 1 {
		var err error
		if o.separator, _, err = c.inScope(n.Args[0], focus); err != nil {
			return nil, shape{}, err
		}
	}
	return o, valuesOf(sortString), nil
}

func (c *compiler) join(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	if err := c.expect(n, from, kindString, n.Name); err != nil {
		return nil, shape{}, err
	}
	o := &joining{position: n.Position, input: input}
	if len(n.Args) == 1 {
		var err error
		if o.separator, _, err = c.inScope(n.Args[0], focus); err != nil {
			return nil, shape{}, err
		}
	}
	return o, valuesOf(sortString), nil
}

func (c *compiler) clock(n *syntax.Call, _ operation, _, _ shape) (operation, shape, error) {
	sort := map[string]itemSort{"now": sortDateTime, "today": sortDate, "timeOfDay": sortTime}[n.Name]
	c.impure = true
	return &clock{n.Position, sort}, valuesOf(sort), nil
}

func (c *compiler) asFunction(n *syntax.Call, input operation, from, _ shape) (operation, shape, error) {
	name, err := c.typeArgument(n)
	if err != nil {
		return nil, shape{}, err
	}
	target, err := c.target(name, true)
	if err != nil {
		return nil, shape{}, err
	}
	return c.ofType(n, input, from, target)
}

// isFunction compiles is(T) at the beginning of a path.
func (c *compiler) isFunction(n *syntax.Call, _ operation, _, focus shape) (operation, shape, error) {
	return c.typeFunction(n, &syntax.Special{Position: n.Position, Name: "$this"}, focus)
}

func (c *compiler) resolve(n *syntax.Call, input operation, from, _ shape) (operation, shape, error) {
	if err := c.expect(n, from, kindString|kindObject, n.Name); err != nil {
		return nil, shape{}, err
	}
	return &resolution{n.Position, input}, nodesOf(schema.TypeResource), nil
}

// extension compiles extension(url), which is extension.where(url = …), and
// hasExtension(url), which is that and exists() (FHIR R4 §2.9.1.5).
func (c *compiler) extension(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	url, s, err := c.inScope(n.Args[0], focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n.Args[0], s, kindString, n.Name); err != nil {
		return nil, shape{}, err
	}
	if _, ok := url.(*constant); ok {
		// The step to the extensions and the comparison of the url are compiled as
		// if they were written.
		extensions, from, err := c.member(&syntax.Member{Position: n.Position, Name: "extension"}, input, from)
		if err != nil {
			return nil, shape{}, err
		}
		url := &syntax.Member{Position: n.Position, Name: "url"}
		criterion := &syntax.Binary{Position: n.Position, Operator: "=", Left: url, Right: n.Args[0]}
		filter := &syntax.Call{Position: n.Position, Name: "where", Args: []syntax.Node{criterion}}
		if n.Name == "hasExtension" {
			return c.exists(filter, extensions, from, focus)
		}
		return c.where(filter, extensions, from, focus)
	}
	o := &extensionOf{n.Position, input, url, n.Name == "hasExtension"}
	if o.has {
		return o, valuesOf(sortBoolean), nil
	}
	return o, nodesOf(schema.TypeExtension), nil
}

func (c *compiler) checkModifiers(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	args, _, err := c.args(n.Args, focus)
	return &modifierCheck{n.Position, input, args}, from, err
}

func (c *compiler) slice(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	args, _, err := c.args(n.Args, focus)
	if err != nil {
		return nil, shape{}, err
	}
	c.impure = true
	return &sliceOf{n.Position, input, args[0], args[1]}, from, nil
}

func (c *compiler) elementDefinition(n *syntax.Call, input operation, _, _ shape) (operation, shape, error) {
	c.impure = true
	return &elementDefinition{n.Position, input}, nodesOf(schema.TypeElementDefinition), nil
}

// typeFunction compiles operand.is(T).
func (c *compiler) typeFunction(n *syntax.Call, operand syntax.Node, focus shape) (operation, shape, error) {
	name, err := c.typeArgument(n)
	if err != nil {
		return nil, shape{}, err
	}
	return c.typeTest(n, n.Name, operand, name, focus)
}

// typeArgument returns the one argument of a function that takes a type.
func (c *compiler) typeArgument(n *syntax.Call) (syntax.TypeName, error) {
	if len(n.Args) == 1 {
		if name, ok := syntax.TypeNameOf(n.Args[0]); ok {
			return name, nil
		}
	}
	return syntax.TypeName{}, c.fail(ErrSemantic, n, "%s takes the name of a type", n.Name)
}
