package fhirpath

import "slices"

type (
	// sorting is sort: the items in the order of keys.
	sorting struct {
		position
		input operation
		keys  []sortKey // none: the items themselves
	}
	// A sortKey is what an item is sorted by.
	sortKey struct {
		body       operation
		descending bool
	}
)

// A sorted item with its keys; a key that yields nothing is sortNothing.
type keyed struct {
	item item
	keys []item
}

// eval sorts stably. Items without a key come last, in descending order first.
func (o *sorting) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	items := make([]keyed, 0, len(v.stack)-base)
	outer := v.index
	for i, end := base, len(v.stack); i < end; i++ {
		v.index = i - base
		keys, err := o.keysOf(v, v.stack[i])
		if err != nil {
			return err
		}
		items = append(items, keyed{v.stack[i], keys})
	}
	v.index = outer
	var failed error
	slices.SortStableFunc(items, func(a, b keyed) int {
		order, err := o.compare(v, a.keys, b.keys)
		if err != nil {
			failed = err
		}
		return order
	})
	for i := range items {
		v.stack[base+i] = items[i].item
	}
	return failed
}

func (o *sorting) keysOf(v *Evaluator, it item) ([]item, error) {
	if len(o.keys) == 0 {
		return []item{it}, v.visit(1, o.pos())
	}
	keys := make([]item, len(o.keys))
	for i, key := range o.keys {
		value, ok, err := v.one(key.body, it)
		if err != nil {
			return nil, err
		}
		if !ok {
			value = item{sort: sortNothing}
		}
		keys[i] = value
	}
	return keys, v.visit(1+len(keys), o.pos())
}

func (o *sorting) compare(v *Evaluator, a, b []item) (int, error) {
	if err := v.visit(1, o.pos()); err != nil {
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
