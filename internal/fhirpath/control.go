package fhirpath

type (
	// choice is iif: the second argument or the third. Only the chosen one is
	// evaluated.
	choice struct {
		position
		input                      operation // nil: the arguments are evaluated on $this
		criterion, then, otherwise operation // otherwise is nil for none
	}
	// coalesce yields the first argument that is not empty.
	coalesce struct {
		position
		args []operation
	}
	// tracing is trace: its input, shown to Evaluator.Trace.
	tracing struct {
		position
		input, name operation
		projected   operation // nil: the input itself
	}
	// definition is defineVariable: it yields its input, and remembers its input or
	// another value.
	definition struct {
		position
		input operation
		value operation // nil: the input itself
		slot  int
	}
	// defined yields a variable that a definition made.
	defined struct {
		position
		slot int
	}
	// given yields a variable of the caller's.
	given struct {
		position
		name string
	}
	// indexSpecial is $index, and totalSpecial $total.
	indexSpecial struct{ position }
	totalSpecial struct{ position }
)

// eval needs a boolean as criterion; the singleton rule, by which any other item is
// true, does not apply (FHIRPath N1 §5.3.6).
func (o *choice) eval(v *Evaluator, focus item) error {
	if o.input != nil {
		it, ok, err := v.one(o.input, focus)
		if err != nil {
			return err
		}
		if focus = it; !ok {
			focus = item{sort: sortNothing}
		}
	}
	criterion, ok, err := v.one(o.criterion, focus)
	v.left -= costOfOperator
	switch {
	case err != nil:
		return err
	case ok && v.classOf(criterion) != classBoolean:
		return v.fail(ErrEvaluation, o.criterion.Pos(), "criterion of iif is no boolean")
	case ok && v.truthOf(criterion):
		return o.then.eval(v, focus)
	case o.otherwise != nil:
		return o.otherwise.eval(v, focus)
	default:
		return nil
	}
}

func (o *coalesce) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	for _, arg := range o.args {
		if err := arg.eval(v, focus); err != nil {
			return err
		}
		if len(v.stack) > base {
			return nil
		}
	}
	return nil
}

func (o *tracing) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	if v.Trace == nil {
		return nil
	}
	name, _, err := v.oneString(o.name, focus)
	if err != nil {
		return err
	}
	end := len(v.stack)
	shown := v.stack[base:end]
	if o.projected != nil {
		if err := v.project(o.projected, base, end, o.Pos()); err != nil {
			return err
		}
		shown = v.stack[end:]
	}
	if err := v.visit(costOfExport*len(shown), o.Pos()); err != nil {
		return err
	}
	v.Trace(name, v.exportAll(shown))
	v.stack = v.stack[:end]
	return nil
}

func (o *definition) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	end := len(v.stack)
	from := base
	if o.value != nil {
		// The value is worked out on the whole input; $this is its only item.
		it := item{sort: sortNothing}
		if end == base+1 {
			it = v.stack[base]
		}
		if err := o.value.eval(v, it); err != nil {
			return err
		}
		from = end
	}
	v.used = true
	for len(v.slots) <= o.slot {
		v.slots = append(v.slots, nil)
	}
	v.held += len(v.stack) - from - len(v.slots[o.slot])
	v.slots[o.slot] = append(v.slots[o.slot][:0], v.stack[from:]...)
	err := v.visit(len(v.stack)-base, o.Pos())
	v.stack = v.stack[:end]
	return err
}

func (o *defined) eval(v *Evaluator, _ item) error {
	if o.slot < len(v.slots) {
		v.stack = append(v.stack, v.slots[o.slot]...)
		return v.visit(len(v.slots[o.slot]), o.Pos())
	}
	return nil
}

func (o *given) eval(v *Evaluator, _ item) error {
	values, ok := v.Variables[o.name]
	if !ok {
		return v.fail(ErrEvaluation, o.Pos(), "variable %"+o.name+" is not defined")
	}
	return v.pushAll(values, o.Pos())
}

func (o *indexSpecial) eval(v *Evaluator, _ item) error {
	it, _ := addInteger(int64(v.index))
	v.push(it)
	return nil
}

func (o *totalSpecial) eval(v *Evaluator, _ item) error {
	v.stack = append(v.stack, v.total...)
	return v.visit(len(v.total), o.Pos())
}
