package exec

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// FootprintOf returns on what the answer to a query depends in a view, whose filter counts.
func FootprintOf(view index.View, q *query.Query) query.Footprint {
	return filterOf(view).footprint(q.Footprint())
}

// costOfAsking is the cost of finding no new version.
const costOfAsking = 20

// AnyNewer reports whether a visible version after an ordinal matches a query that
// looks at each resource alone. decided is false if there are more than most new
// versions.
func (e *Engine) AnyNewer(ctx context.Context, view index.View, q *query.Query, after index.Ordinal, most int) (found, decided bool, err error) {
	ev := e.evaluation(ctx, view)
	for i, t := range q.Searched {
		if err := ev.charge(costOfAsking); err != nil {
			return false, false, err
		}
		within := roaring.New()
		for o := range view.OfType(index.TypeID(t)).Backward(view.Last()) {
			if o <= after {
				break
			}
			if err := ev.charge(1); err != nil {
				return false, false, err
			}
			if most--; most < 0 {
				return false, false, nil
			}
			if !view.Hole(o) {
				within.Add(uint32(o))
			}
		}
		for _, n := range ev.clausesOf(q, i) {
			if within.IsEmpty() {
				break
			}
			if within, err = n.evaluate(within); err != nil {
				return false, false, err
			}
		}
		if err := ev.retain(t, within); err != nil {
			return false, false, err
		}
		if !within.IsEmpty() {
			return true, true, nil
		}
	}
	return false, true, e.stands(view, q)
}
