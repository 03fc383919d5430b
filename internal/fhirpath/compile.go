package fhirpath

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A compiler turns a tree into operations. Each method returns the operation and the
// shape of its result; focus is the shape of $this.
type compiler struct {
	source string
	opts   Options
	values []value // of constants
	// variables are the variables that defineVariable has made so far in this scope.
	variables *variableScope
	slots     int
	// iterating is set inside an argument that has $index; total is the shape of
	// $total, nil outside of aggregate.
	iterating bool
	total     *shape
	// uses counts the operations that depend on the item at hand, memos the operations
	// that are evaluated once.
	uses  dependence
	memos int
	// work counts the nodes that have been compiled, some of them several times.
	work int
	// impure is set if an operation looks at more than the resource.
	impure bool
}

// maxWork bounds the compiler: an argument of repeat may be compiled a few times,
// so that repeats in repeats take exponential time.
const maxWork = 8 * MaxLength

// A variableScope is a list of variables, the latest first.
type variableScope struct {
	name  string
	slot  int
	shape shape
	outer *variableScope
}

func (c *compiler) fail(class error, n interface{ Pos() int }, format string, args ...any) error {
	return newError(class, c.source, n.Pos(), fmt.Sprintf(format, args...))
}

func (c *compiler) compile(n syntax.Node, focus shape) (operation, shape, error) {
	if c.work++; c.work > maxWork {
		return nil, shape{}, c.fail(ErrLimit, n, "takes too long to compile")
	}
	switch n := n.(type) {
	case *syntax.Literal:
		return c.literal(n)
	case *syntax.Variable:
		return c.variable(n)
	case *syntax.Special:
		return c.special(n, focus)
	case *syntax.Member:
		return c.term(n, focus)
	case *syntax.Call:
		return c.call(n, c.focus(n), focus, focus)
	case *syntax.Invocation:
		return c.invocation(n, focus)
	case *syntax.Indexer:
		return c.indexer(n, focus)
	case *syntax.Polarity:
		return c.polarity(n, focus)
	case *syntax.Binary:
		return c.binary(n, focus)
	case *syntax.TypeTest:
		return c.typeTest(n, n.Operator, n.Operand, n.Type, focus)
	default:
		panic(fmt.Sprintf("fhirpath: unknown node %T", n))
	}
}

// focus returns the operation that yields $this, for a name or call at the beginning of
// a path.
func (c *compiler) focus(n syntax.Node) operation {
	c.uses.focus++
	return &focusOperation{position(n.Pos())}
}

// constant returns the operation that yields a value of the given sort.
func (c *compiler) constant(n syntax.Node, sort itemSort, x value) (operation, shape, error) {
	c.values = append(c.values, x)
	it := item{ref: uint32(len(c.values) - 1), sort: sort}
	return &constant{position(n.Pos()), it, true}, valuesOf(sort), nil
}

func (c *compiler) literal(n *syntax.Literal) (operation, shape, error) {
	at := position(n.Pos())
	switch n.Sort {
	case syntax.Empty:
		return &constant{position: at}, shape{}, nil
	case syntax.Boolean:
		return &constant{at, booleanItem(n.Text == "true"), true}, valuesOf(sortBoolean), nil
	case syntax.String:
		return c.constant(n, sortString, value{text: n.Text})
	case syntax.Number:
		return c.number(n, n.Text)
	case syntax.Date:
		_, ok := parseDate(n.Text)
		return c.temporal(n, sortDate, n.Text, ok)
	case syntax.DateTime:
		text := strings.TrimSuffix(n.Text, "T")
		_, ok := parseDateTime(text)
		return c.temporal(n, sortDateTime, text, ok)
	case syntax.Time:
		text := strings.TrimPrefix(n.Text, "T")
		_, ok := parseTime(text)
		return c.temporal(n, sortTime, text, ok)
	default:
		unit := value{text: plainDecimal(n.Text), unit: n.Unit, word: n.Word}
		if !n.Word && syntax.IsUnit(n.Unit) {
			unit.word = true // 'month' is no unit of UCUM, but the word is meant
		}
		return c.constant(n, sortQuantity, unit)
	}
}

// number returns a constant integer, or a decimal where there is a fraction or
// more than 32 bits.
func (c *compiler) number(n syntax.Node, text string) (operation, shape, error) {
	if i, err := strconv.ParseInt(text, 10, 32); err == nil {
		return &constant{position(n.Pos()), integerItem(int32(i)), true}, valuesOf(sortInteger), nil
	}
	return c.constant(n, sortDecimal, value{text: plainDecimal(text)})
}

// temporal returns a constant date or time.
func (c *compiler) temporal(n *syntax.Literal, sort itemSort, text string, ok bool) (operation, shape, error) {
	if !ok {
		return nil, shape{}, c.fail(ErrSyntax, n, "no such date or time")
	}
	return c.constant(n, sort, value{text: text})
}

// environment are the variables whose values are urls (FHIRPath N1 §10, FHIR R4
// §2.9.1.4).
var environment = map[string]string{
	"ucum": ucumSystem, "sct": "http://snomed.info/sct", "loinc": "http://loinc.org",
}

func (c *compiler) variable(n *syntax.Variable) (operation, shape, error) {
	for s := c.variables; s != nil; s = s.outer {
		if s.name == n.Name {
			c.uses.other++
			return &defined{n.Position, s.slot}, s.shape, nil
		}
	}
	switch n.Name {
	case "context":
		return &contextNode{n.Position}, c.context(), nil
	case "resource":
		return &enclosingResource{n.Position}, nodesOf(schema.TypeResource), nil
	case "rootResource":
		return &rootResource{n.Position}, nodesOf(schema.TypeResource), nil
	}
	if url, ok := environment[n.Name]; ok {
		return c.constant(n, sortString, value{text: url})
	}
	if name, ok := strings.CutPrefix(n.Name, "vs-"); ok {
		return c.constant(n, sortString, value{text: "http://hl7.org/fhir/ValueSet/" + name})
	}
	if name, ok := strings.CutPrefix(n.Name, "ext-"); ok {
		return c.constant(n, sortString, value{text: baseProfile + name})
	}
	c.impure = true
	return &given{n.Position, n.Name}, shape{open: true, values: anyValue}, nil
}

// context returns the shape of an expression's context.
func (c *compiler) context() shape {
	if t, ok := schema.TypeOf(c.opts.Context); ok {
		return nodesOf(t)
	}
	return shape{open: true}
}

func (c *compiler) special(n *syntax.Special, focus shape) (operation, shape, error) {
	switch {
	case n.Name == "$this":
		return c.focus(n), focus, nil
	case n.Name == "$index" && c.iterating:
		c.uses.focus++
		return &indexSpecial{n.Position}, valuesOf(sortInteger), nil
	case n.Name == "$total" && c.total != nil:
		c.uses.other++
		return &totalSpecial{n.Position}, *c.total, nil
	default:
		return nil, shape{}, c.fail(ErrSemantic, n, "no %s here", n.Name)
	}
}

// term compiles a name that nothing stands before: a type that the focus must
// have, or an element of the focus.
func (c *compiler) term(n *syntax.Member, focus shape) (operation, shape, error) {
	if t, ok := n.LeadingType(); ok {
		c.uses.focus++
		return &typedFocus{n.Position, t}, nodesOf(t), nil
	}
	return c.member(n, c.focus(n), focus)
}

// member compiles a step to an element of the items of input.
func (c *compiler) member(n *syntax.Member, input operation, from shape) (operation, shape, error) {
	s, to := stepOf(from, n.Name)
	if from.values&(1<<sortType|1<<sortQuantity) != 0 {
		if sort, ok := valueMembers[n.Name]; ok {
			return &valueMember{n.Position, input, n.Name, s}, to.or(valuesOf(sort)), nil
		}
	}
	if len(s) == 0 && !c.opts.Untyped && !from.none() {
		return nil, shape{}, c.noElement(n, from)
	}
	to.unordered = from.unordered
	if p, ok := input.(*path); ok {
		p.steps = append(p.steps, s) // nothing else holds p yet
		return p, to, nil
	}
	return &path{n.Position, input, []step{s}}, to, nil
}

// noElement reports a name that is no element of the items before it.
func (c *compiler) noElement(n *syntax.Member, from shape) error {
	switch {
	case len(from.nodes) == 1 && from.values == 0:
		return c.fail(ErrSemantic, n, "%s has no element %q", from.nodes[0], n.Name)
	case len(from.nodes) == 0 && !from.open:
		return c.fail(ErrSemantic, n, "%s has no element %q", from.kinds(), n.Name)
	default:
		return c.fail(ErrSemantic, n, "no element %q here", n.Name)
	}
}

// invocation compiles left.right. Variables that left defines are known in right.
func (c *compiler) invocation(n *syntax.Invocation, focus shape) (operation, shape, error) {
	if right, ok := n.Right.(*syntax.Call); ok && right.Name == "is" {
		return c.typeFunction(right, n.Left, focus)
	}
	input, from, err := c.compile(n.Left, focus)
	if err != nil {
		return nil, shape{}, err
	}
	switch right := n.Right.(type) {
	case *syntax.Member:
		return c.member(right, input, from)
	case *syntax.Call:
		return c.call(right, input, from, focus)
	default:
		return nil, shape{}, c.fail(ErrSemantic, n.Right, "%s does not follow a point", n.Right.(*syntax.Special).Name)
	}
}

// inScope compiles a node whose variables are unknown outside of it.
func (c *compiler) inScope(n syntax.Node, focus shape) (operation, shape, error) {
	outer, before := c.variables, c.uses
	o, s, err := c.compile(n, focus)
	c.variables = outer
	return c.steady(o, before), s, err
}

func (c *compiler) indexer(n *syntax.Indexer, focus shape) (operation, shape, error) {
	input, from, err := c.compile(n.Left, focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.ordered(n, from); err != nil {
		return nil, shape{}, err
	}
	index, is, err := c.inScope(n.Index, focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n.Index, is, kindNumber, "an index"); err != nil {
		return nil, shape{}, err
	}
	return &at{n.Position, input, index}, from, nil
}

// ordered reports a function that needs an order on a collection without one, if such
// functions are checked.
func (c *compiler) ordered(n syntax.Node, from shape) error {
	if c.opts.Ordered && from.unordered {
		return c.fail(ErrSemantic, n, "the items here have no order")
	}
	return nil
}

// expect reports a shape whose items can have none of the kinds.
func (c *compiler) expect(n syntax.Node, s shape, takes kinds, what string) error {
	if is := s.kinds(); !c.opts.Untyped && is != 0 && is&takes == 0 {
		return c.fail(ErrSemantic, n, "%s takes %s, not %s", what, takes, s)
	}
	return nil
}

// polarity compiles a sign.
func (c *compiler) polarity(n *syntax.Polarity, focus shape) (operation, shape, error) {
	if number, ok := n.Operand.(*syntax.Literal); ok && number.Sort == syntax.Number {
		if n.Operator == "-" {
			return c.number(n, "-"+number.Text)
		}
		return c.number(n, number.Text)
	}
	operand, s, err := c.inScope(n.Operand, focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n, s, kindMeasurable, n.Operator); err != nil {
		return nil, shape{}, err
	}
	o, s := c.fold(&negative{n.Position, operand, n.Operator == "-"}, s.asValues(), operand)
	return o, s, nil
}
