package fhirpath

import "slices"

type (
	// sorting is sort: the items in the order of keys.
	sorting struct {
		position
		input operation
		keys  []sortKey // none: the items themselves
	}
	// A sortKey is one key of a sort.
	sortKey struct {
		body       operation
		descending bool
	}
)

// eval sorts stably. Items without a key come last, in descending order first.
func (o *sorting) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	input := slices.Clone(v.stack[base:])
	width := max(len(o.keys), 1)
	v.held += len(input) * (1 + width)
	defer func() { v.held -= len(input) * (1 + width) }()
	if err := v.visit(visitsPerCheck, o.Pos()); err != nil { // for a look at what is held
		return err
	}
	keys := make([]item, 0, len(input)*width) // those of one item after those of another
	outer := v.index
	for i, it := range input {
		v.index = i
		var err error
		if keys, err = o.appendKeys(keys, v, it); err != nil {
			return err
		}
	}
	v.index = outer
	order := make([]uint32, len(input))
	for i := range order {
		order[i] = uint32(i)
	}
	var failed error
	slices.SortStableFunc(order, func(a, b uint32) int {
		if failed != nil {
			return 0
		}
		var less int
		less, failed = o.compare(v, keys[int(a)*width:int(a+1)*width], keys[int(b)*width:int(b+1)*width])
		return less
	})
	for i, at := range order {
		v.stack[base+i] = input[at]
	}
	return failed
}

// appendKeys appends the keys of an item; a key without a result is sortNothing.
func (o *sorting) appendKeys(keys []item, v *Evaluator, it item) ([]item, error) {
	if len(o.keys) == 0 {
		return append(keys, it), v.visit(1, o.Pos())
	}
	for _, key := range o.keys {
		value, ok, err := v.one(key.body, it)
		if err != nil {
			return nil, err
		}
		if !ok {
			value = item{sort: sortNothing}
		}
		keys = append(keys, value)
	}
	return keys, v.visit(1+len(o.keys), o.Pos())
}

func (o *sorting) compare(v *Evaluator, a, b []item) (int, error) {
	if err := v.visit(2, o.Pos()); err != nil {
		return 0, err
	}
	for i := range a {
		order, err := o.compareKeys(v, a[i], b[i])
		if err != nil {
			return 0, err
		}
		if order != 0 {
			if len(o.keys) > 0 && o.keys[i].descending {
				order = -order
			}
			return order, nil
		}
	}
	return 0, nil
}

func (o *sorting) compareKeys(v *Evaluator, a, b item) (int, error) {
	switch {
	case a.sort == sortNothing && b.sort == sortNothing:
		return 0, nil
	case a.sort == sortNothing:
		return 1, nil
	case b.sort == sortNothing:
		return -1, nil
	}
	less := comparison{position: o.position, wanted: func(order int) bool { return order < 0 }}
	t, err := less.compare(v, a, b)
	if t == yes || err != nil {
		return -1, err
	}
	t, err = less.compare(v, b, a)
	if t == yes {
		return 1, err
	}
	return 0, err
}
