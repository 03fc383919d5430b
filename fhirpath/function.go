package fhirpath

import (
	"slices"
	"strings"
)

// reductions are the functions of a whole collection without arguments. Those
// with a boolean result say so; first and last keep the shape of their input.
var reductions = map[string]struct {
	reduce func(v *Evaluator, base, pos int) error
	result func(shape) shape
}{
	"exists": {reduceExists, yields(sortBoolean)},
	"empty":  {reduceEmpty, yields(sortBoolean)},
	"not":    {reduceNot, yields(sortBoolean)},
	"count":  {reduceCount, yields(sortInteger)},
	"first":  {reduceFirst, same},
	"last":   {reduceLast, same},
}

func yields(sort itemSort) func(shape) shape {
	return func(shape) shape { return valuesOf(sort) }
}

func same(s shape) shape { return s }

// unsupportedFunctions are the functions of FHIRPath N1 and of FHIR R4 §2.9.1.5
// that are not supported yet, and those that HL7's R4 suite has beyond them.
const unsupportedFunctions = `
	abs aggregate all allFalse allTrue anyFalse anyTrue ceiling checkModifiers children combine comparable conformsTo
	contains convertsToBoolean convertsToDate convertsToDateTime convertsToDecimal convertsToInteger convertsToQuantity
	convertsToString convertsToTime decode descendants distinct elementDefinition encode endsWith escape exclude exp floor
	getValue hasValue highBoundary htmlChecks iif indexOf intersect isDistinct join length ln log lowBoundary lower matches
	matchesFull memberOf now power precision repeat replace replaceMatches round select single skip slice sort split sqrt
	startsWith subsetOf substring subsumedBy subsumes supersetOf tail take timeOfDay toBoolean toChars toDate toDateTime
	toDecimal toInteger toQuantity toString toTime today trace trim truncate type unescape union upper`

// call compiles a function on the items of input.
func (c *compiler) call(n *call, input operation, from, focus shape) (operation, shape, error) {
	if r, ok := reductions[n.name]; ok && len(n.args) == 0 {
		return &reduction{n.position, input, r.reduce}, r.result(from), nil
	}
	switch n.name {
	case "where", "exists":
		return c.where(n, input, from)
	case "extension", "hasExtension":
		return c.extension(n, input, from)
	case "as", "ofType":
		name, err := c.typeArgument(n)
		if err != nil {
			return nil, shape{}, err
		}
		target, err := c.target(name, true)
		if err != nil {
			return nil, shape{}, err
		}
		return c.ofType(n, input, from, target)
	case "is":
		return c.typeFunction(n, &special{n.position, "$this"}, focus)
	case "resolve":
		return nil, shape{}, c.fail(ErrUnsupported, n, "resolve() is supported before is only")
	}
	if _, ok := reductions[n.name]; ok {
		return nil, shape{}, c.arity(n, "no arguments")
	}
	if slices.Contains(strings.Fields(unsupportedFunctions), n.name) {
		return nil, shape{}, c.fail(ErrUnsupported, n, "function %s is not supported yet", n.name)
	}
	return nil, shape{}, c.fail(ErrSemantic, n, "no function %q", n.name)
}

func (c *compiler) arity(n *call, takes string) error {
	return c.fail(ErrSemantic, n, "%s takes %s", n.name, takes)
}

// where compiles where(criteria), and exists(criteria), which is
// where(criteria).exists() (FHIRPath N1 §5.1.2).
func (c *compiler) where(n *call, input operation, from shape) (operation, shape, error) {
	if len(n.args) != 1 {
		return nil, shape{}, c.arity(n, "one condition")
	}
	criteria, _, err := c.compile(n.args[0], from)
	if err != nil {
		return nil, shape{}, err
	}
	filtered := &where{n.position, input, criteria}
	if n.name == "where" {
		return filtered, from, nil
	}
	return &reduction{n.position, filtered, reduceExists}, valuesOf(sortBoolean), nil
}

// extension compiles extension(url), which is extension.where(url = …), and
// hasExtension(url), which is that and exists() (FHIR R4 §2.9.1.5).
func (c *compiler) extension(n *call, input operation, from shape) (operation, shape, error) {
	if len(n.args) != 1 {
		return nil, shape{}, c.arity(n, "one url")
	}
	url, ok := n.args[0].(*literal)
	if !ok || url.sort != literalString {
		return nil, shape{}, c.fail(ErrUnsupported, n, "an url that is not written out is not supported yet")
	}
	extensions, from, err := c.member(&member{n.position, "extension"}, input, from)
	if err != nil {
		return nil, shape{}, err
	}
	filter := &call{n.position, "where", []node{&binary{url.position, "=", &member{url.position, "url"}, url}}}
	if n.name == "hasExtension" {
		filter.name = "exists"
	}
	return c.where(filter, extensions, from)
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
	return typeName{}, c.arity(n, "the name of a type")
}
