package fhirpath

import "github.com/fhirlake/fhirlake/internal/schema"

// choice compiles iif. Its arguments are evaluated on its input, if it has one of
// its own.
func (c *compiler) choice(n *call, input operation, from, outer shape) (operation, shape, error) {
	o := &choice{position: n.position}
	focus := outer
	if f, ok := input.(*focusOperation); !ok || f.pos() != n.pos() {
		o.input, focus = input, from
	}
	args, shapes, err := c.args(n.args, focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n.args[0], shapes[0], kindBoolean, "the criterion of iif"); err != nil {
		return nil, shape{}, err
	}
	o.criterion, o.then = args[0], args[1]
	if len(args) == 3 {
		o.otherwise = args[2]
		return o, shapes[1].or(shapes[2]), nil
	}
	return o, shapes[1], nil
}

func (c *compiler) coalesce(n *call, _ operation, _, focus shape) (operation, shape, error) {
	args, shapes, err := c.args(n.args, focus)
	var result shape
	for _, s := range shapes {
		result = result.or(s)
	}
	return &coalesce{n.position, args}, result, err
}

func (c *compiler) trace(n *call, input operation, from, focus shape) (operation, shape, error) {
	name, s, err := c.inScope(n.args[0], focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n.args[0], s, kindString, n.name); err != nil {
		return nil, shape{}, err
	}
	c.uses.other++
	o := &tracing{position: n.position, input: input, name: name}
	if len(n.args) == 2 {
		o.projected, _, err = c.iteration(n.args[1], from)
	}
	return o, from, err
}

// defineVariable compiles a definition. The name must be written out, so that it is
// known where it can be used.
func (c *compiler) defineVariable(n *call, input operation, from, _ shape) (operation, shape, error) {
	name, ok := n.args[0].(*literal)
	if !ok || name.sort != literalString {
		return nil, shape{}, c.fail(ErrSemantic, n, "defineVariable takes a name that is written out")
	}
	if c.reserved(name.text) {
		return nil, shape{}, c.fail(ErrSemantic, n, "variable %%%s is defined already", name.text)
	}
	o := &definition{position: n.position, input: input, slot: c.slots}
	s := from
	if len(n.args) == 2 {
		var err error
		if o.value, s, err = c.inScope(n.args[1], from); err != nil {
			return nil, shape{}, err
		}
	}
	c.slots++
	c.uses.other++
	c.variables = &variableScope{name.text, o.slot, s, c.variables}
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

func (c *compiler) section(n *call, input operation, from, focus shape) (operation, shape, error) {
	if err := c.ordered(n, from); err != nil {
		return nil, shape{}, err
	}
	count, s, err := c.inScope(n.args[0], focus)
	if err != nil {
		return nil, shape{}, err
	}
	return &section{n.position, input, count, n.name == "take"}, from, c.expect(n.args[0], s, kindNumber, n.name)
}

// children compiles children and descendants. The types of children are known where
// those of the parents are.
func (c *compiler) children(n *call, input operation, from, _ shape) (operation, shape, error) {
	o := &children{n.position, input, n.name == "descendants"}
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

func (c *compiler) split(n *call, input operation, from, focus shape) (operation, shape, error) {
	if err := c.expect(n, from, kindString, n.name); err != nil {
		return nil, shape{}, err
	}
	o := &splitting{position: n.position, input: input}
	if len(n.args) == 1 {
		var err error
		if o.separator, _, err = c.inScope(n.args[0], focus); err != nil {
			return nil, shape{}, err
		}
	}
	return o, valuesOf(sortString), nil
}

func (c *compiler) join(n *call, input operation, from, focus shape) (operation, shape, error) {
	if err := c.expect(n, from, kindString, n.name); err != nil {
		return nil, shape{}, err
	}
	o := &joining{position: n.position, input: input}
	if len(n.args) == 1 {
		var err error
		if o.separator, _, err = c.inScope(n.args[0], focus); err != nil {
			return nil, shape{}, err
		}
	}
	return o, valuesOf(sortString), nil
}

func (c *compiler) clock(n *call, _ operation, _, _ shape) (operation, shape, error) {
	sort := map[string]itemSort{"now": sortDateTime, "today": sortDate, "timeOfDay": sortTime}[n.name]
	c.impure = true
	return &clock{n.position, sort}, valuesOf(sort), nil
}

func (c *compiler) asFunction(n *call, input operation, from, _ shape) (operation, shape, error) {
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

// isFunction compiles is(T) that nothing stands before.
func (c *compiler) isFunction(n *call, _ operation, _, focus shape) (operation, shape, error) {
	return c.typeFunction(n, &special{n.position, "$this"}, focus)
}

func (c *compiler) resolve(n *call, input operation, from, _ shape) (operation, shape, error) {
	if err := c.expect(n, from, kindString|kindObject, n.name); err != nil {
		return nil, shape{}, err
	}
	return &resolution{n.position, input}, nodesOf(schema.TypeResource), nil
}

// extension compiles extension(url), which is extension.where(url = …), and
// hasExtension(url), which is that and exists() (FHIR R4 §2.9.1.5).
func (c *compiler) extension(n *call, input operation, from, focus shape) (operation, shape, error) {
	url, s, err := c.inScope(n.args[0], focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n.args[0], s, kindString, n.name); err != nil {
		return nil, shape{}, err
	}
	if _, ok := url.(*constant); ok {
		// The step to the extensions and the comparison of the url are compiled as
		// if they were written.
		extensions, from, err := c.member(&member{n.position, "extension"}, input, from)
		if err != nil {
			return nil, shape{}, err
		}
		criterion := &binary{n.position, "=", &member{n.position, "url"}, n.args[0]}
		filter := &call{n.position, "where", []node{criterion}}
		if n.name == "hasExtension" {
			return c.exists(filter, extensions, from, focus)
		}
		return c.where(filter, extensions, from, focus)
	}
	o := &extensionOf{n.position, input, url, n.name == "hasExtension"}
	if o.has {
		return o, valuesOf(sortBoolean), nil
	}
	return o, nodesOf(schema.TypeExtension), nil
}

func (c *compiler) checkModifiers(n *call, input operation, from, focus shape) (operation, shape, error) {
	args, _, err := c.args(n.args, focus)
	return &modifierCheck{n.position, input, args}, from, err
}

func (c *compiler) slice(n *call, input operation, from, focus shape) (operation, shape, error) {
	args, _, err := c.args(n.args, focus)
	if err != nil {
		return nil, shape{}, err
	}
	c.impure = true
	return &sliceOf{n.position, input, args[0], args[1]}, from, nil
}

func (c *compiler) elementDefinition(n *call, input operation, _, _ shape) (operation, shape, error) {
	c.impure = true
	return &elementDefinition{n.position, input}, nodesOf(schema.TypeElementDefinition), nil
}

// typeFunction compiles operand.is(T).
func (c *compiler) typeFunction(n *call, operand node, focus shape) (operation, shape, error) {
	name, err := c.typeArgument(n)
	if err != nil {
		return nil, shape{}, err
	}
	return c.typeTest(n, n.name, operand, name, focus)
}

// typeArgument returns the one argument of a function that takes a type.
func (c *compiler) typeArgument(n *call) (typeName, error) {
	if len(n.args) == 1 {
		if name, ok := typeNameOf(n.args[0]); ok {
			return name, nil
		}
	}
	return typeName{}, c.fail(ErrSemantic, n, "%s takes the name of a type", n.name)
}
