package fhirpath

import "github.com/fhirlake/fhirlake/internal/schema"

// typeTest compiles is and as, written as operators or as functions.
func (c *compiler) typeTest(n node, operator string, operand node, name typeName, focus shape) (operation, shape, error) {
	target, err := c.target(name, operator != "is" || c.opts.loose)
	if err != nil {
		return nil, shape{}, err
	}
	if operator == "is" {
		if reference, ok := resolved(operand, n); ok {
			return c.resolvesTo(n, reference, target, focus)
		}
	}
	input, from, err := c.inScope(operand, focus)
	if err != nil {
		return nil, shape{}, err
	}
	if operator == "is" {
		return &isType{position(n.pos()), input, target}, valuesOf(sortBoolean), nil
	}
	return c.ofType(n, input, from, target)
}

// target finds the type that a name stands for.
func (c *compiler) target(name typeName, loose bool) (typeTarget, error) {
	target, ok := targetOf(name, loose)
	if !ok {
		return target, c.fail(ErrSemantic, name, "no type %q", name.name)
	}
	return target, nil
}

// ofType compiles as and ofType. Where they follow a step to a choice, the step
// goes to the one alternative instead.
func (c *compiler) ofType(n node, input operation, from shape, target typeTarget) (operation, shape, error) {
	at := position(n.pos())
	if p, ok := input.(*path); ok && target.fhir != 0 && !target.fhir.Type().Abstract && !from.hasAbstract() {
		last := &p.steps[len(p.steps)-1]
		*last = last.narrowed(target.fhir) // nothing else holds p yet
		return p, nodesOf(target.fhir), nil
	}
	to := target.shape()
	to.values &= from.asValues().values // of a Quantity that is FHIR's alone
	return &ofType{at, input, target}, to, nil
}

// resolved returns what resolve() is called on, if the node is a call of it.
func resolved(n, at node) (node, bool) {
	isResolve := func(n node) bool {
		f, ok := n.(*call)
		return ok && f.name == "resolve" && len(f.args) == 0
	}
	if isResolve(n) {
		return &special{position(at.pos()), "$this"}, true
	}
	if i, ok := n.(*invocation); ok && isResolve(i.right) {
		return i.left, true
	}
	return nil, false
}

func (c *compiler) resolvesTo(n, reference node, target typeTarget, focus shape) (operation, shape, error) {
	input, _, err := c.inScope(reference, focus)
	if err != nil {
		return nil, shape{}, err
	}
	return &resolvesTo{
		position:  position(n.pos()),
		input:     input,
		target:    target,
		reference: schema.Lookup(schema.TypeReference, "reference"),
		typeField: schema.Lookup(schema.TypeReference, "type"),
	}, valuesOf(sortBoolean), nil
}
