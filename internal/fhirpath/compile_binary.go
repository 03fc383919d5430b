package fhirpath

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
)

// comparisons has, for the operators of order, the orders that make them true.
var comparisons = map[string]func(order int) bool{
	"<":  func(order int) bool { return order < 0 },
	"<=": func(order int) bool { return order <= 0 },
	">":  func(order int) bool { return order > 0 },
	">=": func(order int) bool { return order >= 0 },
}

// connectives has, for the operators of logic, the left side that decides alone.
var connectives = map[string]struct {
	decided truth
	join    func(a, b truth) truth
}{
	"and":     {no, and},
	"or":      {yes, or},
	"xor":     {unknown, xor},
	"implies": {no, implies},
}

func (c *compiler) binary(n *syntax.Binary, focus shape) (operation, shape, error) {
	left, a, err := c.inScope(n.Left, focus)
	if err != nil {
		return nil, shape{}, err
	}
	right, b, err := c.inScope(n.Right, focus)
	if err != nil {
		return nil, shape{}, err
	}
	boolean := valuesOf(sortBoolean)
	if wanted, ok := comparisons[n.Operator]; ok {
		if err := c.comparable(n, a, b); err != nil {
			return nil, shape{}, err
		}
		return &comparison{n.Position, left, right, wanted}, boolean, nil
	}
	if connective, ok := connectives[n.Operator]; ok {
		return &logic{n.Position, left, right, connective.decided, connective.join}, boolean, nil
	}
	switch n.Operator {
	case "=", "!=":
		return &equality{n.Position, left, right, n.Operator == "!="}, boolean, nil
	case "~", "!~":
		return &equivalence{n.Position, left, right, n.Operator == "!~"}, boolean, nil
	case "in":
		return &membership{n.Position, left, right}, boolean, nil
	case "contains":
		return &membership{n.Position, right, left}, boolean, nil
	case "|":
		left, right = unwrapped(left), unwrapped(right) // what holds both remembers them
		if u, ok := left.(*union); ok {
			u.inputs = append(u.inputs, right) // nothing else holds u yet
			return u, a.or(b), nil
		}
		return &union{n.Position, []operation{left, right}}, a.or(b), nil
	default:
		result, err := c.arithmeticShape(n, a, b)
		if err != nil {
			return nil, shape{}, err
		}
		o, s := c.fold(&arithmetic{n.Position, left, right, n.Operator}, result, left, right)
		return o, s, nil
	}
}

// comparable reports two sides that can have no common order.
func (c *compiler) comparable(n *syntax.Binary, a, b shape) error {
	const ordered = kindNumber | kindString | kindTemporal | kindTime | kindQuantity
	x, y := a.kinds(), b.kinds()
	common := x&y&ordered != 0 || x&kindMeasurable != 0 && y&kindMeasurable != 0
	if c.opts.Untyped || x == 0 || y == 0 || common {
		return nil
	}
	return c.fail(ErrSemantic, n, "%s cannot compare %s and %s", n.Operator, a, b)
}

// arithmeticShape returns the shape of the result of an operator, or reports that
// it has none.
func (c *compiler) arithmeticShape(n *syntax.Binary, a, b shape) (shape, error) {
	x, y := a.kinds(), b.kinds()
	if n.Operator == "&" {
		if err := c.expect(n, a, kindString, "&"); err != nil {
			return shape{}, err
		}
		return valuesOf(sortString), c.expect(n, b, kindString, "&")
	}
	if x == 0 || y == 0 {
		return shape{}, nil
	}
	var result shape
	if x&kindString != 0 && y&kindString != 0 && n.Operator == "+" {
		result = valuesOf(sortString)
	}
	if x&kindPoint != 0 && y&kindQuantity != 0 && (n.Operator == "+" || n.Operator == "-") {
		result.values |= a.asValues().values & (1<<sortDate | 1<<sortDateTime | 1<<sortTime)
	}
	if x&kindMeasurable != 0 && y&kindMeasurable != 0 {
		result.values |= 1 << sortInteger
		if n.Operator == "/" || (a.asValues().values|b.asValues().values)&(1<<sortDecimal) != 0 {
			result.values |= 1 << sortDecimal
		}
		if (x|y)&kindQuantity != 0 {
			result.values |= 1<<sortQuantity | 1<<sortDecimal
		}
	}
	if result.none() && !c.opts.Untyped {
		return shape{}, c.fail(ErrSemantic, n, "%s does not take %s and %s", n.Operator, a, b)
	}
	return result, nil
}

// fold works out an operation whose operands are constants. If it fails, the evaluation
// reports the error.
func (c *compiler) fold(o operation, s shape, operands ...operation) (operation, shape) {
	for _, operand := range operands {
		if _, ok := operand.(*constant); !ok {
			return o, s
		}
	}
	e := &Expression{source: c.source, root: o, values: c.values}
	v := Evaluator{MaxVisits: visitsPerCheck, MaxText: MaxLength}
	if err := v.run(context.Background(), e, nil, 0); err != nil || len(v.stack) > 1 {
		return o, s
	}
	at := position(o.Pos())
	if len(v.stack) == 0 {
		return &constant{position: at}, shape{}
	}
	it := v.stack[0]
	if it.sort >= sortDecimal {
		c.values = append(c.values, *v.value(it))
		it.ref = uint32(len(c.values) - 1)
	}
	return &constant{at, it, true}, valuesOf(it.sort)
}
