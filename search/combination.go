package search

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A combination is conditions on one resource of which any holds, or all hold.
type combination struct {
	all bool
	of  []condition
}

// A negation is a condition that must not hold.
type negation struct{ of condition }

func (*combination) condition() {}
func (*negation) condition()    {}

// negation evaluates what must not hold and leaves it out.
func (ev *evaluation) negation(t schema.TypeID, n *negation, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	held, err := ev.step(t, n.of, within)
	if err != nil {
		return nil, err
	}
	return ev.except(t, held, within)
}

// combination evaluates conditions together, each among what can still matter.
func (ev *evaluation) combination(t schema.TypeID, c *combination, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	of := c.of
	if c.all {
		of = ev.cheapestFirst(t, of)
	}
	return ev.together(c.all, of, within, func(one condition, within *roaring.Bitmap) (*roaring.Bitmap, error) {
		return ev.step(t, one, within)
	})
}

// together evaluates conditions by each: what all of them leave of within, one after
// the other, or the union of what any leaves. The result may be within itself.
func (ev *evaluation) together(all bool, of []condition, within *roaring.Bitmap, each func(condition, *roaring.Bitmap) (*roaring.Bitmap, error)) (*roaring.Bitmap, error) {
	if all {
		set := within
		for _, one := range of {
			found, err := each(one, set)
			if err != nil || found.IsEmpty() {
				return found, err
			}
			set = found
		}
		return set, nil
	}
	set := roaring.New()
	for _, one := range of {
		found, err := each(one, within)
		if err != nil {
			return nil, err
		}
		set.Or(found)
		if err := ev.charge(int(found.GetCardinality())); err != nil {
			return nil, err
		}
	}
	return set, nil
}
