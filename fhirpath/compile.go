package fhirpath

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A compiler turns a tree into operations. Each method returns the operation and
// the shape of what it yields; focus is the shape of $this.
type compiler struct {
	source string
	texts  []string
}

func (c *compiler) fail(class error, n interface{ pos() int }, format string, args ...any) error {
	return newError(class, c.source, n.pos(), fmt.Sprintf(format, args...))
}

func (c *compiler) compile(n node, focus shape) (operation, shape, error) {
	switch n := n.(type) {
	case *literal:
		return c.literal(n)
	case *variable:
		return c.variable(n)
	case *special:
		return c.special(n, focus)
	case *member:
		return c.term(n, focus)
	case *call:
		return c.call(n, c.focus(n), focus, focus)
	case *invocation:
		return c.invocation(n, focus)
	case *indexer:
		return c.indexer(n, focus)
	case *polarity:
		return c.polarity(n)
	case *binary:
		return c.binary(n, focus)
	case *typeTest:
		return c.typeTest(n, n.operator, n.operand, n.name, focus)
	default:
		panic(fmt.Sprintf("fhirpath: unknown node %T", n))
	}
}

// focus returns the operation that yields $this, for a name or call that nothing
// stands before.
func (c *compiler) focus(n node) operation { return &focus{position(n.pos())} }

// constant returns the operation that yields a text of the given sort.
func (c *compiler) constant(n node, sort itemSort, text string) (operation, shape, error) {
	c.texts = append(c.texts, text)
	value := item{uint32(len(c.texts) - 1), sort}
	return &constant{position(n.pos()), value, true}, valuesOf(sort), nil
}

func (c *compiler) literal(n *literal) (operation, shape, error) {
	at := position(n.pos())
	switch n.sort {
	case literalEmpty:
		return &constant{position: at}, shape{}, nil
	case literalBoolean:
		return &constant{at, booleanItem(n.text == "true"), true}, valuesOf(sortBoolean), nil
	case literalString:
		return c.constant(n, sortString, n.text)
	case literalNumber:
		return c.number(n, n.text)
	case literalDate:
		_, err := fhirtime.ParseDate(n.text)
		return c.temporal(n, sortDate, n.text, err)
	case literalDateTime:
		text := strings.TrimSuffix(n.text, "T")
		_, err := fhirtime.ParseSearch(text)
		return c.temporal(n, sortDateTime, text, err)
	case literalTime:
		text := strings.TrimPrefix(n.text, "T")
		_, err := fhirtime.ParseTime(text)
		return c.temporal(n, sortTime, text, err)
	default:
		return nil, shape{}, c.fail(ErrUnsupported, n, "quantities are not supported yet")
	}
}

// number returns a constant integer, or a decimal where there is a fraction or
// more than 32 bits.
func (c *compiler) number(n node, text string) (operation, shape, error) {
	if i, err := strconv.ParseInt(text, 10, 32); err == nil {
		return &constant{position(n.pos()), integerItem(int32(i)), true}, valuesOf(sortInteger), nil
	}
	return c.constant(n, sortDecimal, text)
}

// temporal returns a constant date or time. FHIRPath allows hours without
// minutes, and times of day without seconds, which FHIR does not have.
func (c *compiler) temporal(n *literal, sort itemSort, text string, err error) (operation, shape, error) {
	switch err {
	case nil:
		return c.constant(n, sort, text)
	case fhirtime.ErrSyntax:
		return nil, shape{}, c.fail(ErrUnsupported, n, "a time of this precision is not supported yet")
	default:
		return nil, shape{}, c.fail(ErrSyntax, n, "no such date or time")
	}
}

func (c *compiler) variable(n *variable) (operation, shape, error) {
	switch n.name {
	case "context":
		return &contextNode{n.position}, shape{open: true}, nil
	case "resource":
		return &enclosingResource{n.position}, nodesOf(schema.TypeResource), nil
	default:
		return nil, shape{}, c.fail(ErrUnsupported, n, "variable %%%s is not supported yet", n.name)
	}
}

func (c *compiler) special(n *special, focus shape) (operation, shape, error) {
	if n.name != "$this" {
		return nil, shape{}, c.fail(ErrUnsupported, n, "%s is not supported yet", n.name)
	}
	return c.focus(n), focus, nil
}

// term compiles a name that nothing stands before: a type that the focus must
// have, or an element of the focus. Names of types are told by their capital.
func (c *compiler) term(n *member, focus shape) (operation, shape, error) {
	if t, ok := schema.TypeOf(n.name); ok && 'A' <= n.name[0] && n.name[0] <= 'Z' {
		return &typedFocus{n.position, t}, nodesOf(t), nil
	}
	return c.member(n, c.focus(n), focus)
}

// member compiles a step to an element of the items of input.
func (c *compiler) member(n *member, input operation, from shape) (operation, shape, error) {
	s, to := stepOf(from, n.name)
	if len(s) == 0 {
		if len(from.nodes) == 1 {
			return nil, shape{}, c.fail(ErrSemantic, n, "%s has no element %q", from.nodes[0], n.name)
		}
		return nil, shape{}, c.fail(ErrSemantic, n, "no element %q here", n.name)
	}
	if p, ok := input.(*path); ok {
		p.steps = append(p.steps, s) // nothing else holds p yet
		return p, to, nil
	}
	return &path{n.position, input, []step{s}}, to, nil
}

func (c *compiler) invocation(n *invocation, focus shape) (operation, shape, error) {
	if right, ok := n.right.(*call); ok && right.name == "is" {
		return c.typeFunction(right, n.left, focus)
	}
	input, from, err := c.compile(n.left, focus)
	if err != nil {
		return nil, shape{}, err
	}
	switch right := n.right.(type) {
	case *member:
		return c.member(right, input, from)
	case *call:
		return c.call(right, input, from, focus)
	default:
		return nil, shape{}, c.fail(ErrUnsupported, n.right, "a special name after a point is not supported yet")
	}
}

func (c *compiler) indexer(n *indexer, focus shape) (operation, shape, error) {
	input, from, err := c.compile(n.left, focus)
	if err != nil {
		return nil, shape{}, err
	}
	index, _, err := c.compile(n.index, focus)
	if err != nil {
		return nil, shape{}, err
	}
	return &at{n.position, input, index}, from, nil
}

// polarity compiles the sign of a number that is written out.
func (c *compiler) polarity(n *polarity) (operation, shape, error) {
	number, ok := n.operand.(*literal)
	if !ok || number.sort != literalNumber {
		return nil, shape{}, c.fail(ErrUnsupported, n, "a sign before anything but a number is not supported yet")
	}
	if n.operator == "-" {
		return c.number(n, "-"+number.text)
	}
	return c.number(n, number.text)
}

// comparisons are the operators of order and the orders that make them true.
var comparisons = map[string]func(order int) bool{
	"<":  func(order int) bool { return order < 0 },
	"<=": func(order int) bool { return order <= 0 },
	">":  func(order int) bool { return order > 0 },
	">=": func(order int) bool { return order >= 0 },
}

// connectives are the operators of logic, and the left side that decides alone.
var connectives = map[string]struct {
	decided truth
	join    func(a, b truth) truth
}{
	"and":     {no, and},
	"or":      {yes, or},
	"xor":     {unknown, xor},
	"implies": {no, implies},
}

func (c *compiler) binary(n *binary, focus shape) (operation, shape, error) {
	left, a, err := c.compile(n.left, focus)
	if err != nil {
		return nil, shape{}, err
	}
	right, b, err := c.compile(n.right, focus)
	if err != nil {
		return nil, shape{}, err
	}
	boolean := valuesOf(sortBoolean)
	if wanted, ok := comparisons[n.operator]; ok {
		return &comparison{n.position, left, right, wanted}, boolean, nil
	}
	if connective, ok := connectives[n.operator]; ok {
		return &logic{n.position, left, right, connective.decided, connective.join}, boolean, nil
	}
	switch n.operator {
	case "=", "!=":
		return &equality{n.position, left, right, n.operator == "!="}, boolean, nil
	case "|":
		if u, ok := left.(*union); ok {
			u.inputs = append(u.inputs, right) // nothing else holds u yet
			return u, a.or(b), nil
		}
		return &union{n.position, []operation{left, right}}, a.or(b), nil
	default:
		return nil, shape{}, c.fail(ErrUnsupported, n, "operator %s is not supported yet", n.operator)
	}
}

// typeTest compiles is and as, written as operators or as functions.
func (c *compiler) typeTest(n node, operator string, operand node, name typeName, focus shape) (operation, shape, error) {
	target, err := c.target(name, operator != "is")
	if err != nil {
		return nil, shape{}, err
	}
	if operator == "is" {
		if reference, ok := resolved(operand, n); ok {
			return c.resolvesTo(n, reference, target, focus)
		}
	}
	input, from, err := c.compile(operand, focus)
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
	switch {
	case ok:
		return target, nil
	case name.name == "Quantity" && name.namespace == "System":
		return target, c.fail(ErrUnsupported, name, "System.Quantity is not supported yet")
	default:
		return target, c.fail(ErrSemantic, name, "no type %q", name.name)
	}
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
	return &ofType{at, input, target}, target.shape(), nil
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
	input, _, err := c.compile(reference, focus)
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
