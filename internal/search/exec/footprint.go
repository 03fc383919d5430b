package exec

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// costOfAsking is what it costs to see that there is nothing new.
const costOfAsking = 20

// AnyNewer reports whether a visible version after an ordinal matches a query that
// looks at resources alone. decided is false where there are more than most new
// versions to look at.
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

// A Draft is versions that are not applied yet, of which queries that look at
// resources alone can be asked. It is for one goroutine, and good as long as the custom
// parameters stay as they are.
type Draft struct {
	engine   *Engine
	payloads [][]byte
}

// Draft returns an empty draft.
func (e *Engine) Draft(key [16]byte) *Draft {
	d, settings := new(Draft), param.Settings{Zone: e.zone, Base: e.base}
	d.engine = New(index.NewWith(key, settings.Settle()), Options{
		Settings: settings, Now: e.now, CostLimit: e.costLimit,
		Values: func(o index.Ordinal, dst []byte) ([]byte, error) {
			return append(dst, d.payloads[o-index.FirstOrdinal]...), nil
		},
	})
	d.engine.current.Store(e.current.Load())
	return d
}

// Add adds versions and their payloads.
func (d *Draft) Add(items []index.Item, payloads [][]byte) error {
	view := d.engine.index.View()
	d.payloads = append(d.payloads, payloads...)
	_, err := d.engine.index.ApplyAll([]index.Commit{{Sequence: view.Sequence() + 1, Items: items}})
	return err
}

// Any reports whether one of the versions matches a query.
func (d *Draft) Any(ctx context.Context, q *query.Query) (bool, error) {
	set, err := d.engine.evaluation(ctx, d.engine.index.View()).all(q)
	return err == nil && !set.IsEmpty(), err
}

// Matches returns which of the versions match a query, by the order in which they were
// added, from 0.
func (d *Draft) Matches(ctx context.Context, q *query.Query) ([]int, error) {
	set, err := d.engine.evaluation(ctx, d.engine.index.View()).all(q)
	if err != nil {
		return nil, err
	}
	var matches []int
	for it := set.Iterator(); it.HasNext(); {
		matches = append(matches, int(it.Next())-int(index.FirstOrdinal))
	}
	return matches, nil
}
