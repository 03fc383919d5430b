package fhirpath

type (
	// equality is = and !=.
	equality struct {
		position
		left, right operation
		negated     bool
	}
	// equivalence is ~ and !~.
	equivalence struct {
		position
		left, right operation
		negated     bool
	}
	// membership is "in", and "contains" with its sides exchanged: it yields whether an
	// item is in a collection.
	membership struct {
		position
		item, collection operation
	}
	// comparison is <, <=, > and >=.
	comparison struct {
		position
		left, right operation
		wanted      func(order int) bool
	}
	// logic is a connective of three-valued logic. It does not evaluate its right side
	// if the left side decides.
	logic struct {
		position
		left, right operation
		decided     truth // the left side that decides; unknown for none
		join        func(a, b truth) truth
	}
	// isType is "is" with one operand.
	isType struct {
		position
		input  operation
		target typeTarget
	}
)

// sides evaluates two operations one after the other. On the stack, the items of the left
// one are above base, and those of the right one above middle.
func (v *Evaluator) sides(left, right operation, focus item) (base, middle int, err error) {
	base = len(v.stack)
	if err = left.eval(v, focus); err != nil {
		return base, base, err
	}
	middle = len(v.stack)
	return base, middle, right.eval(v, focus)
}

func (o *equality) eval(v *Evaluator, focus item) error {
	base, middle, err := v.sides(o.left, o.right, focus)
	if err != nil {
		return err
	}
	left, right := v.stack[base:middle], v.stack[middle:]
	result := unknown
	err = v.visit(len(left)+len(right), o.Pos())
	if len(left) > 0 && len(right) > 0 && err == nil {
		result, err = v.equalCollections(left, right, o.Pos())
	}
	if o.negated {
		result = result.not()
	}
	v.stack = v.stack[:base]
	v.pushTruth(result)
	return err
}

func (o *equivalence) eval(v *Evaluator, focus item) error {
	base, middle, err := v.sides(o.left, o.right, focus)
	if err != nil {
		return err
	}
	same, err := v.equivalentCollections(v.stack[base:middle], v.stack[middle:], o.Pos())
	v.replace(base, booleanItem(same != o.negated), true)
	return err
}

// eval looks for the item by equality. Without an item the result is empty (FHIRPath N1
// §6.4.2).
func (o *membership) eval(v *Evaluator, focus item) error {
	it, ok, err := v.one(o.item, focus)
	if err != nil || !ok {
		return err
	}
	base := len(v.stack)
	if err := o.collection.eval(v, focus); err != nil {
		return err
	}
	held, err := v.holds(v.stack[base:], it, o.Pos())
	v.replace(base, booleanItem(held), true)
	return err
}

func (o *comparison) eval(v *Evaluator, focus item) error {
	base, middle, err := v.sides(o.left, o.right, focus)
	if err != nil {
		return err
	}
	left, right := v.stack[base:middle], v.stack[middle:]
	v.stack = v.stack[:base]
	if len(left) > 1 || len(right) > 1 {
		return v.fail(ErrEvaluation, o.Pos(), "comparison of several items")
	}
	if len(left) == 0 || len(right) == 0 {
		return nil
	}
	if err := v.visit(costOfOperator, o.Pos()); err != nil {
		return err
	}
	result, err := o.compare(v, left[0], right[0])
	v.pushTruth(result)
	return err
}

func (o *comparison) compare(v *Evaluator, a, b item) (truth, error) {
	c, d := v.classOf(a), v.classOf(b)
	var order int
	var ok bool
	switch {
	case c == classNone || d == classNone:
		return unknown, nil
	case c == d && c >= classNumber && c <= classTime:
		order, ok = v.order(a, b, c)
	case v.measurable(a) && v.measurable(b):
		var x, y quantity
		if !v.comparandOf(&x, a) || !v.comparandOf(&y, b) {
			return unknown, nil
		}
		var how int
		order, how = v.compareQuantities(&x, &y)
		ok = how == quantitiesOrdered
	default:
		return unknown, v.fail(ErrEvaluation, o.Pos(), "comparison of items that have no common order")
	}
	if !ok {
		return unknown, nil
	}
	return truthFrom(o.wanted(order)), nil
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
	return v.visit(costOfOperator, o.Pos())
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
		return v.fail(ErrEvaluation, o.Pos(), "type of several items")
	}
	if len(items) == 1 {
		v.push(booleanItem(o.matches(v, items[0])))
	}
	return v.visit(costOfOperator, o.Pos())
}

func (o *isType) matches(v *Evaluator, it item) bool {
	if it.sort == sortNode {
		return o.target.is(v.node(it).Type)
	}
	return o.target.values>>it.sort&1 != 0
}
