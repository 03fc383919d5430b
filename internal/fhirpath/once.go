package fhirpath

// once is an operation in an argument that is evaluated on many items, though it is the
// same for all: it looks at %resource and constants, but not at $this. It is evaluated
// the first time and remembered for the rest of the evaluation. Without it dom-3 would
// walk a resource for each of its contained resources.
type once struct {
	operation
	slot int
}

// A memo is the result that a once remembers.
type memo struct {
	items  []item
	filled bool
}

func (o *once) eval(v *Evaluator, focus item) error {
	for len(v.memos) <= o.slot {
		v.memos = append(v.memos, memo{})
	}
	if m := &v.memos[o.slot]; m.filled {
		v.stack = append(v.stack, m.items...)
		return v.visit(len(m.items), o.Pos())
	}
	base := len(v.stack)
	if err := o.operation.eval(v, focus); err != nil {
		return err
	}
	m := &v.memos[o.slot]
	m.items, m.filled, v.used = append(m.items[:0], v.stack[base:]...), true, true
	v.held += len(m.items)
	return v.visit(len(m.items), o.Pos())
}

// A dependence counts the compiled operations that depend on the item at hand.
type dependence struct {
	focus int // $this, $index, and names that begin at $this
	other int // $total and variables, and what has effects
}

// steady wraps an operation in an iterated argument, if no operation compiled since
// depends on the item at hand.
func (c *compiler) steady(o operation, since dependence) operation {
	if _, ok := o.(*constant); ok || !c.iterating || c.uses != since {
		return o
	}
	c.memos++
	return &once{o, c.memos - 1}
}

// unwrapped returns an operation without the once around it.
func unwrapped(o operation) operation {
	if w, ok := o.(*once); ok {
		return w.operation
	}
	return o
}
