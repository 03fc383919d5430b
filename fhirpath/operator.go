package fhirpath

import (
	"math"

	"github.com/fhirlake/fhirlake/internal/schema"
)

type (
	// equality is = and !=.
	equality struct {
		position
		left, right operation
		negated     bool
	}
	// comparison is <, <=, > and >=: whether the order of the two is wanted.
	comparison struct {
		position
		left, right operation
		wanted      func(order int) bool
	}
	// logic is a connective of three-valued logic. It need not look at its right
	// side where the left has decided.
	logic struct {
		position
		left, right operation
		decided     truth // the left side that decides; unknown for none
		join        func(a, b truth) truth
	}
	// isType is is with one operand.
	isType struct {
		position
		input  operation
		target typeTarget
	}
	// reduction is a function of a whole collection without arguments.
	reduction struct {
		position
		input  operation
		reduce func(v *Evaluator, base, pos int) error
	}
)

func (o *equality) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.left.eval(v, focus); err != nil {
		return err
	}
	middle := len(v.stack)
	if err := o.right.eval(v, focus); err != nil {
		return err
	}
	left, right := v.stack[base:middle], v.stack[middle:]
	result := unknown
	if len(left) > 0 && len(right) > 0 {
		result = v.equalCollections(left, right)
	}
	err := v.visit(len(left)+len(right), o.pos())
	if o.negated {
		result = result.not()
	}
	v.stack = v.stack[:base]
	v.pushTruth(result)
	return err
}

// equalCollections compares two collections that are not empty, item by item.
func (v *Evaluator) equalCollections(a, b []item) truth {
	if len(a) != len(b) {
		return no
	}
	result := yes
	for i := range a {
		switch v.equal(a[i], b[i]) {
		case no:
			return no
		case unknown:
			result = unknown
		}
	}
	return result
}

func (o *comparison) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.left.eval(v, focus); err != nil {
		return err
	}
	middle := len(v.stack)
	if err := o.right.eval(v, focus); err != nil {
		return err
	}
	left, right := v.stack[base:middle], v.stack[middle:]
	v.stack = v.stack[:base]
	if len(left) > 1 || len(right) > 1 {
		return v.fail(ErrEvaluation, o.pos(), "comparison of several items")
	}
	if len(left) == 0 || len(right) == 0 {
		return nil
	}
	result, err := o.compare(v, left[0], right[0])
	v.pushTruth(result)
	return err
}

func (o *comparison) compare(v *Evaluator, a, b item) (truth, error) {
	c, d := v.classOf(a), v.classOf(b)
	switch {
	case c == classNone || d == classNone:
		return unknown, nil
	case v.isQuantity(a) && v.isQuantity(b):
		return unknown, v.fail(ErrUnsupported, o.pos(), "comparison of quantities is not supported yet")
	case c != d || c == classObject || c == classBoolean:
		return unknown, v.fail(ErrEvaluation, o.pos(), "comparison of items that have no common order")
	}
	order, ok := v.order(a, b, c)
	if !ok {
		return unknown, nil
	}
	return truthFrom(o.wanted(order)), nil
}

func (v *Evaluator) isQuantity(it item) bool {
	return it.sort == sortNode && v.doc.Nodes[it.ref].Type.Is(schema.TypeQuantity)
}

func (o *logic) eval(v *Evaluator, focus item) error {
	left, err := v.condition(o.left, focus)
	if err != nil {
		return err
	}
	right := unknown
	if left != o.decided || left == unknown {
		if right, err = v.condition(o.right, focus); err != nil {
			return err
		}
	}
	v.pushTruth(o.join(left, right))
	return nil
}

// The truth tables of FHIRPath N1 §6.5.

func and(a, b truth) truth {
	switch {
	case a == no || b == no:
		return no
	case a == yes && b == yes:
		return yes
	default:
		return unknown
	}
}

func or(a, b truth) truth { return and(a.not(), b.not()).not() }

func implies(a, b truth) truth { return or(a.not(), b) }

func xor(a, b truth) truth {
	if a == unknown || b == unknown {
		return unknown
	}
	return truthFrom(a != b)
}

func (o *isType) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	items := v.stack[base:]
	v.stack = v.stack[:base]
	if len(items) > 1 {
		return v.fail(ErrEvaluation, o.pos(), "type of several items")
	}
	if len(items) == 1 {
		v.push(booleanItem(o.matches(v, items[0])))
	}
	return nil
}

func (o *isType) matches(v *Evaluator, it item) bool {
	if it.sort == sortNode {
		return o.target.is(v.doc.Nodes[it.ref].Type)
	}
	return o.target.values>>it.sort&1 != 0
}

func (o *reduction) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	return o.reduce(v, base, o.pos())
}

func reduceExists(v *Evaluator, base, _ int) error {
	v.replace(base, booleanItem(len(v.stack) > base), true)
	return nil
}

func reduceEmpty(v *Evaluator, base, _ int) error {
	v.replace(base, booleanItem(len(v.stack) == base), true)
	return nil
}

func reduceNot(v *Evaluator, base, pos int) error {
	t, err := v.popTruth(base, pos)
	v.pushTruth(t.not())
	return err
}

func reduceCount(v *Evaluator, base, _ int) error {
	v.replace(base, integerItem(int32(min(len(v.stack)-base, math.MaxInt32))), true)
	return nil
}

func reduceFirst(v *Evaluator, base, _ int) error {
	v.stack = v.stack[:min(base+1, len(v.stack))]
	return nil
}

func reduceLast(v *Evaluator, base, _ int) error {
	if end := len(v.stack); end > base {
		v.replace(base, v.stack[end-1], true)
	}
	return nil
}
