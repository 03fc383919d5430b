package search

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Footprint says on what the answer to a query depends.
type Footprint struct {
	// Types are those whose resources the answer depends on; nil is all.
	Types []schema.TypeID
	// Alone says that a resource matches or not whatever else there is: no chain, no
	// terminology, no text that has to be read.
	Alone bool
}

// Footprint returns on what the answer to the query depends.
func (q *Query) Footprint() Footprint {
	for _, c := range q.clauses {
		if !allAlone(c.of) {
			return Footprint{}
		}
	}
	if q.contained.inside {
		return Footprint{}
	}
	return Footprint{Types: q.types, Alone: true}
}

func allAlone(of []condition) bool {
	return !slices.ContainsFunc(of, func(c condition) bool { return !alone(c) })
}

// alone reports whether a condition looks at the values of one resource alone.
func alone(c condition) bool {
	switch c := c.(type) {
	case *match:
		switch c.modifier {
		case modIn, modNotIn, modAbove, modBelow:
			return c.param.row.Type == schema.ParamURI
		}
		return c.param.special == specialNone || c.param.special == specialID || c.param.special == specialWords
	case *combination:
		return allAlone(c.of)
	case *negation:
		return alone(c.of)
	}
	return false
}

// costLimitKey is the key under which a context carries a limit of cost.
type costLimitKey struct{}

// WithCostLimit returns a context whose searches cost no more than a limit, in
// ordinals and texts looked at, if that is less than the engine's own.
func WithCostLimit(ctx context.Context, limit int) context.Context {
	return context.WithValue(ctx, costLimitKey{}, limit)
}

// costOf returns the limit for a search.
func (e *Engine) costOf(ctx context.Context) int {
	if limit, ok := ctx.Value(costLimitKey{}).(int); ok {
		return min(limit, e.costLimit)
	}
	return e.costLimit
}

// AnyNewer reports whether a visible version after an ordinal matches a query that
// looks at resources alone. decided is false where there are more than most new
// versions to look at.
func (e *Engine) AnyNewer(ctx context.Context, view index.View, q *Query, after index.Ordinal, most int) (found, decided bool, err error) {
	ev := e.evaluation(ctx, view)
	for i, t := range q.types {
		within := roaring.New()
		for o := range view.OfType(index.TypeID(t)).Backward(view.Last()) {
			if o <= after {
				break
			}
			if most--; most < 0 {
				return false, false, nil
			}
			within.Add(uint32(o))
		}
		for _, c := range q.clauses {
			if within.IsEmpty() {
				break
			}
			if within, err = ev.step(t, c.of[i], within); err != nil {
				return false, false, err
			}
		}
		view.RetainVisible(within)
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
	d, settings := new(Draft), Settings{Zone: e.zone, Base: e.base}
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
func (d *Draft) Any(ctx context.Context, q *Query) (bool, error) {
	set, err := d.engine.evaluation(ctx, d.engine.index.View()).all(q)
	return err == nil && !set.IsEmpty(), err
}
