package fhirpath

// The operations in this file evaluate an argument once for each item of their
// input, as $this, with its number as $index.
type (
	// projection is select: the items that the argument yields for each item.
	projection struct {
		position
		input, body operation
	}
	// all is whether the criteria are true for each item.
	all struct {
		position
		input, criteria operation
	}
	// repetition is repeat: select, again and again on the new items of its result.
	repetition struct {
		position
		input, body operation
	}
	// aggregation folds the items into $total.
	aggregation struct {
		position
		input, body operation
		initial     operation // nil for none
	}
)

func (o *projection) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	end := len(v.stack)
	if err := v.project(o.body, base, end, o.Pos()); err != nil {
		return err
	}
	v.stack = append(v.stack[:base], v.stack[end:]...)
	return nil
}

// project evaluates a body on each item between base and end of the stack and leaves
// the results on top.
func (v *Evaluator) project(body operation, base, end, pos int) error {
	outer := v.index
	for i := base; i < end; i++ {
		v.index = i - base
		before := len(v.stack)
		if err := body.eval(v, v.stack[i]); err != nil {
			return err
		}
		if err := v.visit(1+len(v.stack)-before, pos); err != nil {
			return err
		}
	}
	v.index = outer
	return nil
}

func (o *all) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	outer, result := v.index, true
	for i, end := base, len(v.stack); i < end && result; i++ {
		v.index = i - base
		t, err := v.condition(o.criteria, v.stack[i])
		if err != nil {
			return err
		}
		if err := v.visit(1, o.Pos()); err != nil {
			return err
		}
		result = t == yes
	}
	v.index = outer
	v.replace(base, booleanItem(result), true)
	return nil
}

// eval goes level by level. An item that equals an earlier one is not looked at again,
// so that it ends (FHIRPath N1 §5.2.3).
func (o *repetition) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	set := newItemSet(0)
	end := len(v.stack) // of the items found and looked at; the result begins here
	from, to := base, end
	for from < to {
		if err := v.project(o.body, from, to, o.Pos()); err != nil {
			return err
		}
		from = to
		kept := from
		for i := from; i < len(v.stack); i++ {
			it := v.stack[i]
			hash, found, err := set.find(v, v.stack[end:], it, o.Pos())
			if err != nil {
				return err
			}
			if !found {
				set.add(hash, kept-end)
				v.stack[kept] = it
				kept++
			}
		}
		v.stack = v.stack[:kept]
		to = kept
	}
	v.stack = append(v.stack[:base], v.stack[end:]...)
	return nil
}

func (o *aggregation) eval(v *Evaluator, focus item) error {
	outerIndex, outerTotal := v.index, v.total
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	end := len(v.stack)
	var total []item
	if o.initial != nil {
		if err := o.initial.eval(v, focus); err != nil {
			return err
		}
		total = append(total, v.stack[end:]...)
		v.stack = v.stack[:end]
	}
	outerHeld := v.held
	for i := base; i < end; i++ {
		v.index, v.total, v.used = i-base, total, true
		if err := o.body.eval(v, v.stack[i]); err != nil {
			return err
		}
		if err := v.visit(1+len(v.stack)-end, o.Pos()); err != nil {
			return err
		}
		total = append(total[:0:0], v.stack[end:]...)
		v.stack = v.stack[:end]
		v.held = outerHeld + len(total)
	}
	v.held = outerHeld
	v.index, v.total = outerIndex, outerTotal
	v.stack = append(v.stack[:base], total...)
	return nil
}
