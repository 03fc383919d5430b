package fhirpath

import (
	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// typeTest compiles is and as, written as operators or as functions.
func (c *compiler) typeTest(n syntax.Node, operator string, operand syntax.Node, name syntax.TypeName, focus shape) (operation, shape, error) {
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
		return &isType{position(n.Pos()), input, target}, valuesOf(sortBoolean), nil
	}
	return c.ofType(n, input, from, target)
}

// target finds the type of a name.
func (c *compiler) target(name syntax.TypeName, loose bool) (typeTarget, error) {
	target, ok := targetOf(name, loose)
	if !ok {
		return target, c.fail(ErrSemantic, name, "no type %q", name.Name)
	}
	return target, nil
}

// ofType compiles as and ofType. Behind a step to a choice, the step goes to the one
// alternative instead.
func (c *compiler) ofType(n syntax.Node, input operation, from shape, target typeTarget) (operation, shape, error) {
	at := position(n.Pos())
	if p, ok := input.(*path); ok && target.fhir != 0 && !target.fhir.Type().Abstract && !from.hasAbstract() {
		last := &p.steps[len(p.steps)-1]
		*last = last.narrowed(target.fhir) // nothing else holds p yet
		return p, nodesOf(target.fhir), nil
	}
	to := target.shape()
	to.values &= from.asValues().values // of a Quantity that is FHIR's alone
	return &ofType{at, input, target}, to, nil
}

// resolved returns the operand of resolve(), if the node is a call of it.
func resolved(n, at syntax.Node) (syntax.Node, bool) {
	isResolve := func(n syntax.Node) bool {
		f, ok := n.(*syntax.Call)
		return ok && f.Name == "resolve" && len(f.Args) == 0
	}
	if isResolve(n) {
		return &syntax.Special{Position: position(at.Pos()), Name: "$this"}, true
	}
	if i, ok := n.(*syntax.Invocation); ok && isResolve(i.Right) {
		return i.Left, true
	}
	return nil, false
}

func (c *compiler) resolvesTo(n, reference syntax.Node, target typeTarget, focus shape) (operation, shape, error) {
	input, _, err := c.inScope(reference, focus)
	if err != nil {
		return nil, shape{}, err
	}
	return &resolvesTo{
		position:  position(n.Pos()),
		input:     input,
		target:    target,
		reference: schema.Lookup(schema.TypeReference, "reference"),
		typeField: schema.Lookup(schema.TypeReference, "type"),
	}, valuesOf(sortBoolean), nil
}
