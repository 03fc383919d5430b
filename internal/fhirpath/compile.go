package fhirpath

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A compiler turns a tree into operations. Each method returns the operation and
// the shape of what it yields; focus is the shape of $this.
type compiler struct {
	source string
	opts   Options
	values []value // of constants
	// variables are those that defineVariable has made so far in this scope.
	variables *variableScope
	slots     int
	// iterating is set inside an argument that has $index; total is the shape of
	// $total, nil outside of aggregate.
	iterating bool
	total     *shape
	// uses counts what depends on the item at hand, memos the operations that are
	// evaluated once.
	uses  dependence
	memos int
	// work counts the nodes that have been compiled, some of them several times.
	work int
	// impure is set once something looks at more than the resource.
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

func (c *compiler) fail(class error, n interface{ pos() int }, format string, args ...any) error {
	return newError(class, c.source, n.pos(), fmt.Sprintf(format, args...))
}

func (c *compiler) compile(n node, focus shape) (operation, shape, error) {
	if c.work++; c.work > maxWork {
		return nil, shape{}, c.fail(ErrLimit, n, "takes too long to compile")
	}
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
		return c.polarity(n, focus)
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
func (c *compiler) focus(n node) operation {
	c.uses.focus++
	return &focusOperation{position(n.pos())}
}

// constant returns the operation that yields a value of the given sort.
func (c *compiler) constant(n node, sort itemSort, x value) (operation, shape, error) {
	c.values = append(c.values, x)
	it := item{ref: uint32(len(c.values) - 1), sort: sort}
	return &constant{position(n.pos()), it, true}, valuesOf(sort), nil
}

func (c *compiler) literal(n *literal) (operation, shape, error) {
	at := position(n.pos())
	switch n.sort {
	case literalEmpty:
		return &constant{position: at}, shape{}, nil
	case literalBoolean:
		return &constant{at, booleanItem(n.text == "true"), true}, valuesOf(sortBoolean), nil
	case literalString:
		return c.constant(n, sortString, value{text: n.text})
	case literalNumber:
		return c.number(n, n.text)
	case literalDate:
		_, ok := parseDate(n.text)
		return c.temporal(n, sortDate, n.text, ok)
	case literalDateTime:
		text := strings.TrimSuffix(n.text, "T")
		_, ok := parseDateTime(text)
		return c.temporal(n, sortDateTime, text, ok)
	case literalTime:
		text := strings.TrimPrefix(n.text, "T")
		_, ok := parseTime(text)
		return c.temporal(n, sortTime, text, ok)
	default:
		unit := value{text: plainDecimal(n.text), unit: n.unit, word: n.word}
		if !n.word && units[n.unit] {
			unit.word = true // 'month' is no unit of UCUM, but the word is meant
		}
		return c.constant(n, sortQuantity, unit)
	}
}

// number returns a constant integer, or a decimal where there is a fraction or
// more than 32 bits.
func (c *compiler) number(n node, text string) (operation, shape, error) {
	if i, err := strconv.ParseInt(text, 10, 32); err == nil {
		return &constant{position(n.pos()), integerItem(int32(i)), true}, valuesOf(sortInteger), nil
	}
	return c.constant(n, sortDecimal, value{text: plainDecimal(text)})
}

// temporal returns a constant date or time.
func (c *compiler) temporal(n *literal, sort itemSort, text string, ok bool) (operation, shape, error) {
	if !ok {
		return nil, shape{}, c.fail(ErrSyntax, n, "no such date or time")
	}
	return c.constant(n, sort, value{text: text})
}

// environment are the variables that stand for an url (FHIRPath N1 §10, FHIR R4
// §2.9.1.4).
var environment = map[string]string{
	"ucum": ucumSystem, "sct": "http://snomed.info/sct", "loinc": "http://loinc.org",
}

func (c *compiler) variable(n *variable) (operation, shape, error) {
	for s := c.variables; s != nil; s = s.outer {
		if s.name == n.name {
			c.uses.other++
			return &defined{n.position, s.slot}, s.shape, nil
		}
	}
	switch n.name {
	case "context":
		return &contextNode{n.position}, c.context(), nil
	case "resource":
		return &enclosingResource{n.position}, nodesOf(schema.TypeResource), nil
	case "rootResource":
		return &rootResource{n.position}, nodesOf(schema.TypeResource), nil
	}
	if url, ok := environment[n.name]; ok {
		return c.constant(n, sortString, value{text: url})
	}
	if name, ok := strings.CutPrefix(n.name, "vs-"); ok {
		return c.constant(n, sortString, value{text: "http://hl7.org/fhir/ValueSet/" + name})
	}
	if name, ok := strings.CutPrefix(n.name, "ext-"); ok {
		return c.constant(n, sortString, value{text: baseProfile + name})
	}
	c.impure = true
	return &given{n.position, n.name}, shape{open: true, values: anyValue}, nil
}

// context returns the shape of what an expression is evaluated on.
func (c *compiler) context() shape {
	if t, ok := schema.TypeOf(c.opts.Context); ok {
		return nodesOf(t)
	}
	return shape{open: true}
}

func (c *compiler) special(n *special, focus shape) (operation, shape, error) {
	switch {
	case n.name == "$this":
		return c.focus(n), focus, nil
	case n.name == "$index" && c.iterating:
		c.uses.focus++
		return &indexSpecial{n.position}, valuesOf(sortInteger), nil
	case n.name == "$total" && c.total != nil:
		c.uses.other++
		return &totalSpecial{n.position}, *c.total, nil
	default:
		return nil, shape{}, c.fail(ErrSemantic, n, "no %s here", n.name)
	}
}

// term compiles a name that nothing stands before: a type that the focus must
// have, or an element of the focus. Names of types are told by their capital.
func (c *compiler) term(n *member, focus shape) (operation, shape, error) {
	if t, ok := schema.TypeOf(n.name); ok && 'A' <= n.name[0] && n.name[0] <= 'Z' {
		c.uses.focus++
		return &typedFocus{n.position, t}, nodesOf(t), nil
	}
	return c.member(n, c.focus(n), focus)
}

// member compiles a step to an element of the items of input.
func (c *compiler) member(n *member, input operation, from shape) (operation, shape, error) {
	s, to := stepOf(from, n.name)
	if from.values&(1<<sortType|1<<sortQuantity) != 0 {
		if sort, ok := valueMembers[n.name]; ok {
			return &valueMember{n.position, input, n.name, s}, to.or(valuesOf(sort)), nil
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
	return &path{n.position, input, []step{s}}, to, nil
}

// noElement reports a name that is no element of what it follows.
func (c *compiler) noElement(n *member, from shape) error {
	switch {
	case len(from.nodes) == 1 && from.values == 0:
		return c.fail(ErrSemantic, n, "%s has no element %q", from.nodes[0], n.name)
	case len(from.nodes) == 0 && !from.open:
		return c.fail(ErrSemantic, n, "%s has no element %q", from.kinds(), n.name)
	default:
		return c.fail(ErrSemantic, n, "no element %q here", n.name)
	}
}

// invocation compiles left.right. Variables that left defines are known in right.
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
		return nil, shape{}, c.fail(ErrSemantic, n.right, "%s does not follow a point", n.right.(*special).name)
	}
}

// inScope compiles a node whose variables are not known outside of it.
func (c *compiler) inScope(n node, focus shape) (operation, shape, error) {
	outer, before := c.variables, c.uses
	o, s, err := c.compile(n, focus)
	c.variables = outer
	return c.steady(o, before), s, err
}

func (c *compiler) indexer(n *indexer, focus shape) (operation, shape, error) {
	input, from, err := c.compile(n.left, focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.ordered(n, from); err != nil {
		return nil, shape{}, err
	}
	index, is, err := c.inScope(n.index, focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n.index, is, kindNumber, "an index"); err != nil {
		return nil, shape{}, err
	}
	return &at{n.position, input, index}, from, nil
}

// ordered reports a function of order on a collection that has none, if such
// functions are checked.
func (c *compiler) ordered(n node, from shape) error {
	if c.opts.Ordered && from.unordered {
		return c.fail(ErrSemantic, n, "the items here have no order")
	}
	return nil
}

// expect reports that what has the shape can have none of the kinds.
func (c *compiler) expect(n node, s shape, takes kinds, what string) error {
	if is := s.kinds(); !c.opts.Untyped && is != 0 && is&takes == 0 {
		return c.fail(ErrSemantic, n, "%s takes %s, not %s", what, takes, s)
	}
	return nil
}

// polarity compiles a sign.
func (c *compiler) polarity(n *polarity, focus shape) (operation, shape, error) {
	if number, ok := n.operand.(*literal); ok && number.sort == literalNumber {
		if n.operator == "-" {
			return c.number(n, "-"+number.text)
		}
		return c.number(n, number.text)
	}
	operand, s, err := c.inScope(n.operand, focus)
	if err != nil {
		return nil, shape{}, err
	}
	if err := c.expect(n, s, kindMeasurable, n.operator); err != nil {
		return nil, shape{}, err
	}
	o, s := c.fold(&negative{n.position, operand, n.operator == "-"}, s.asValues(), operand)
	return o, s, nil
}
