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
	if c.all {
		set := within
		for _, one := range ev.cheapestFirst(t, c.of) {
			found, err := ev.step(t, one, set)
			if err != nil || found.IsEmpty() {
				return found, err
			}
			set = found
		}
		return set, nil
	}
	set := roaring.New()
	for _, one := range c.of {
		found, err := ev.step(t, one, within)
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
