package search

import (
	"context"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Footprint says on what the answer to a query depends.
type Footprint struct {
	// Types are those whose resources the answer depends on; nil is all.
	Types []schema.TypeID
	// Joined are those of them that chains and _has lead to.
	Joined []schema.TypeID
	// Alone says that a resource matches or not whatever else there is: no chain, no
	// terminology, no text that has to be read.
	Alone bool
}

// Footprint returns on what the answer to the query depends.
func (q *Query) Footprint() Footprint {
	f := Footprint{Types: slices.Clone(q.types), Alone: true}
	for _, c := range q.clauses {
		for _, of := range c.of {
			if !of.depends(&f) {
				return Footprint{}
			}
		}
	}
	if q.contained.inside {
		return Footprint{}
	}
	slices.Sort(f.Types)
	f.Types = slices.Compact(f.Types)
	return f
}

func (m *match) depends(f *Footprint) bool {
	switch m.modifier {
	case modIn, modNotIn, modAbove, modBelow:
		if m.param.row.Type == schema.ParamURI {
			return true
		}
		f.Alone = false
		return false // of what a hierarchy or a set of values is made, only a search knows
	}
	if m.param.special == specialLastUpdated || m.param.special == specialNear {
		f.Alone = false // the time is given by the commit, positions have to be read
	}
	return true
}

func (c *chain) depends(f *Footprint) bool {
	f.Alone = false
	for _, b := range c.branches {
		f.join(b.typ)
		if !b.next.depends(f) {
			return false
		}
	}
	return true
}

func (r *reverse) depends(f *Footprint) bool {
	f.Alone = false
	f.join(r.source)
	return r.next.depends(f)
}

func (c *combination) depends(f *Footprint) bool {
	return !slices.ContainsFunc(c.of, func(c condition) bool { return !c.depends(f) })
}

func (n *negation) depends(f *Footprint) bool { return n.of.depends(f) }

func (*phrase) depends(f *Footprint) bool {
	f.Alone = false
	return true
}

// join notes that the answer depends on resources of another type.
func (f *Footprint) join(t schema.TypeID) {
	f.Types, f.Joined = append(f.Types, t), append(f.Joined, t)
}

// Own returns the query with those of its conditions alone that look at one resource.
// What it does not find the query does not find either.
func (q *Query) Own() *Query {
	own := *q
	own.clauses = slices.DeleteFunc(slices.Clone(q.clauses), func(c clause) bool {
		f := Footprint{Alone: true}
		return slices.ContainsFunc(c.of, func(of condition) bool { return !of.depends(&f) || !f.Alone })
	})
	return &own
}

// Selects reports whether the query has a condition: without one, every resource of
// its types is an answer.
func (q *Query) Selects() bool { return len(q.clauses) > 0 }

// Includes reports whether the query has _include or _revinclude.
func (q *Query) Includes() bool { return len(q.includes) > 0 }

// Paged reports whether the query asks for a page by its token.
func (q *Query) Paged() bool { return q.page != "" }

// Conditions returns a text that is the same for queries with the same conditions, in
// whatever order and spelling: parameters that shape the answer are left aside.
func (q *Query) Conditions() string {
	var parts []string
	for _, p := range q.parts {
		if slices.ContainsFunc(q.clauses, func(c clause) bool { return c.part == p.name }) {
			values := splitEscaped(p.value, ',')
			slices.Sort(values)
			parts = append(parts, encode(p.name)+"="+encode(strings.Join(slices.Compact(values), ",")))
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "&")
}

// costOfAsking is what it costs to see that there is nothing new.
const costOfAsking = 20

// AnyNewer reports whether a visible version after an ordinal matches a query that
// looks at resources alone. decided is false where there are more than most new
// versions to look at.
func (e *Engine) AnyNewer(ctx context.Context, view index.View, q *Query, after index.Ordinal, most int) (found, decided bool, err error) {
	ev := e.evaluation(ctx, view)
	for i, t := range q.types {
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
			within.Add(uint32(o))
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

// Matches returns which of the versions match a query, by the order in which they were
// added, from 0.
func (d *Draft) Matches(ctx context.Context, q *Query) ([]int, error) {
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
