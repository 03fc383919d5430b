package fhirpath

import "math"

// reduction is a function of a whole collection without arguments.
type reduction struct {
	position
	input  operation
	reduce func(v *Evaluator, base, pos int) error
}

// reductions are these functions. A function with a result of one type names the shape;
// others keep the shape of their input.
var reductions = map[string]struct {
	reduce func(v *Evaluator, base, pos int) error
	result func(shape) shape
}{
	"exists":     {reduceExists, yields(sortBoolean)},
	"empty":      {reduceEmpty, yields(sortBoolean)},
	"not":        {reduceNot, yields(sortBoolean)},
	"count":      {reduceCount, yields(sortInteger)},
	"first":      {reduceFirst, same},
	"last":       {reduceLast, same},
	"single":     {reduceSingle, same},
	"tail":       {reduceTail, same},
	"allTrue":    {reduceTruths(yes, true), yields(sortBoolean)},
	"anyTrue":    {reduceTruths(yes, false), yields(sortBoolean)},
	"allFalse":   {reduceTruths(no, true), yields(sortBoolean)},
	"anyFalse":   {reduceTruths(no, false), yields(sortBoolean)},
	"distinct":   {func(v *Evaluator, base, pos int) error { return v.distinct(base, pos) }, same},
	"isDistinct": {reduceIsDistinct, yields(sortBoolean)},
	"hasValue":   {reduceHasValue, yields(sortBoolean)},
	"getValue":   {reduceGetValue, shape.asValues},
	"htmlChecks": {reduceHTMLChecks, yields(sortBoolean)},
	"type":       {reduceType, yields(sortType)},
}

func yields(sort itemSort) func(shape) shape {
	return func(shape) shape { return valuesOf(sort) }
}

func same(s shape) shape { return s }

func (o *reduction) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	if err := v.visit(costOfOperator, o.Pos()); err != nil {
		return err
	}
	return o.reduce(v, base, o.Pos())
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

func reduceSingle(v *Evaluator, base, pos int) error {
	if len(v.stack) > base+1 {
		return v.fail(ErrEvaluation, pos, "several items where a single one is asked for")
	}
	return nil
}

func reduceTail(v *Evaluator, base, pos int) error {
	if len(v.stack) > base {
		v.stack = append(v.stack[:base], v.stack[base+1:]...)
	}
	return v.visit((len(v.stack)-base)/itemsPerVisit, pos)
}

// reduceTruths returns the function that tells whether all booleans have a value, or
// any. For an empty collection all have it, and none has.
func reduceTruths(wanted truth, all bool) func(v *Evaluator, base, pos int) error {
	return func(v *Evaluator, base, pos int) error {
		if err := v.visit(len(v.stack)-base, pos); err != nil {
			return err
		}
		result := all
		for _, it := range v.stack[base:] {
			if v.classOf(it) != classBoolean {
				return v.fail(ErrEvaluation, pos, "needs booleans")
			}
			if holds := truthFrom(v.truthOf(it)) == wanted; holds != all {
				result = holds
			}
		}
		v.replace(base, booleanItem(result), true)
		return nil
	}
}

func reduceIsDistinct(v *Evaluator, base, pos int) error {
	count := len(v.stack) - base
	err := v.distinct(base, pos)
	v.replace(base, booleanItem(len(v.stack)-base == count), true)
	return err
}
