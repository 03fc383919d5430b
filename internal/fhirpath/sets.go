package fhirpath

type (
	// pairing is a function of two collections.
	pairing struct {
		position
		left, right operation
		pair        func(v *Evaluator, base, middle, pos int) error
	}
	// section is skip and take: the items from one number to another.
	section struct {
		position
		input, count operation
		take         bool
	}
)

// pairings are the functions of two collections; result gets the shapes of both.
var pairings = map[string]struct {
	pair   func(v *Evaluator, base, middle, pos int) error
	result func(a, b shape) shape
}{
	"union":      {func(v *Evaluator, base, _, pos int) error { return v.distinct(base, pos) }, shape.or},
	"combine":    {func(v *Evaluator, base, _, pos int) error { return v.visit(len(v.stack)-base, pos) }, shape.or},
	"intersect":  {pairIntersect, func(a, _ shape) shape { return a }},
	"exclude":    {pairExclude, func(a, _ shape) shape { return a }},
	"subsetOf":   {pairSubset, func(_, _ shape) shape { return valuesOf(sortBoolean) }},
	"supersetOf": {pairSuperset, func(_, _ shape) shape { return valuesOf(sortBoolean) }},
}

func (o *pairing) eval(v *Evaluator, focus item) error {
	base, middle, err := v.sides(o.left, o.right, focus)
	if err != nil {
		return err
	}
	return o.pair(v, base, middle, o.Pos())
}

// finder returns a function that tells whether a collection holds an item. Large
// collections are looked up by hash.
func (v *Evaluator) finder(items []item, pos int) (func(item) (bool, error), error) {
	if len(items) <= fewItems {
		return func(it item) (bool, error) { return v.among(items, it), v.visit(len(items), pos) }, nil
	}
	set := newItemSet(len(items))
	quantities := false
	for i, it := range items {
		quantities = quantities || it.sort == sortQuantity
		set.add(uint32(v.hash(it, set.seed)), i)
		if err := v.visit(1, pos); err != nil {
			return nil, err
		}
	}
	return func(it item) (bool, error) {
		if quantities || it.sort == sortQuantity { // they equal what has another hash
			return v.holds(items, it, pos)
		}
		_, found, err := set.find(v, items, it, pos)
		return found, err
	}, nil
}

// keep keeps the items of left that are in right, or, if found is false, the others.
// right must be above left on the stack; both are replaced by the kept items.
func (v *Evaluator) keep(base, middle, pos int, found bool) error {
	finds, err := v.finder(v.stack[middle:], pos)
	if err != nil {
		return err
	}
	kept := base
	for i := base; i < middle; i++ {
		it := v.stack[i]
		ok, err := finds(it)
		if err != nil {
			return err
		}
		if ok == found {
			v.stack[kept] = it
			kept++
		}
	}
	v.stack = v.stack[:kept]
	return nil
}

func pairIntersect(v *Evaluator, base, middle, pos int) error {
	if err := v.keep(base, middle, pos, true); err != nil {
		return err
	}
	return v.distinct(base, pos)
}

func pairExclude(v *Evaluator, base, middle, pos int) error {
	return v.keep(base, middle, pos, false)
}

func pairSubset(v *Evaluator, base, middle, pos int) error {
	return v.pairSubset(base, v.stack[base:middle], v.stack[middle:], pos)
}

func pairSuperset(v *Evaluator, base, middle, pos int) error {
	return v.pairSubset(base, v.stack[middle:], v.stack[base:middle], pos)
}

func (v *Evaluator) pairSubset(base int, part, whole []item, pos int) error {
	finds, err := v.finder(whole, pos)
	if err != nil {
		return err
	}
	result := true
	for _, it := range part {
		ok, err := finds(it)
		if err != nil {
			return err
		}
		if !ok {
			result = false
			break
		}
	}
	v.replace(base, booleanItem(result), true)
	return nil
}

func (o *section) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.count.eval(v, focus); err != nil {
		return err
	}
	n, ok, err := v.popInteger(base, o.count.Pos())
	if err != nil {
		return err
	}
	if !ok {
		n = 0 // without a number nothing is skipped, and nothing taken
	}
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	items := v.stack[base:]
	n = min(max(n, 0), int64(len(items)))
	if o.take {
		v.stack = v.stack[:base+int(n)]
	} else {
		v.stack = append(v.stack[:base], items[n:]...)
	}
	return v.visit(1+len(items)/itemsPerVisit, o.Pos())
}
