package engine

import (
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/search"
)

// An Expectation is a search and the one resource it found, or none.
type Expectation struct {
	query *search.Query
	// Found is the match, 0 for none.
	Found index.Ordinal
	// at is the state that was asked: its sequence and its last version.
	at   uint64
	last index.Ordinal
}

// Expect asks a query for the one resource that a conditional write is about. It
// reports ErrPreconditionFailed if there are several.
func (e *Engine) Expect(ctx context.Context, t schema.TypeID, query string) (Expectation, error) {
	q, err := e.search.Parse(t, query, false)
	if err != nil {
		return Expectation{}, QueryError(err)
	}
	if q.Contained() {
		return Expectation{}, Failf(ErrInvalid, issue.NotSupported, "a conditional write is about no contained resource")
	}
	x := Expectation{query: q}
	return x, e.ask(ctx, &x)
}

// ask searches the newest state.
func (e *Engine) ask(ctx context.Context, x *Expectation) error {
	now, err := e.Hold()
	if err != nil {
		return err
	}
	defer now.Release()
	x.at, x.last = now.Sequence(), now.Last()
	set, err := e.search.Ordinals(ctx, now.View.View, x.query)
	if err != nil {
		return QueryError(err)
	}
	switch n := set.GetCardinality(); {
	case n == 0:
		x.Found = 0
	case n > 1:
		return Failf(ErrPreconditionFailed, issue.MultipleMatches, "the condition matches %d resources, not one", n)
	default:
		x.Found = index.Ordinal(set.Minimum())
	}
	return nil
}

// askAgain asks the conditions of a commit that were overtaken. It reports
// ErrOvertaken if one finds something else than before.
func (e *Engine) askAgain(ctx context.Context, c *Commit) error {
	for i := range c.Expects {
		x := &c.Expects[i]
		before := x.Found
		if err := e.ask(ctx, x); err != nil {
			return err
		}
		if x.Found != before {
			return ErrOvertaken
		}
	}
	return nil
}

// strictCost bounds the search that the writer itself makes, in ordinals and texts
// looked at: some milliseconds.
const strictCost = 1_000_000

// stillTrue checks an expectation against the newest state and the group so far. It
// returns nil if the expectation holds, ErrOvertaken if it does not, and errAsk if only
// a search can tell. The writer does not search: it looks whether the version that was
// found is current, and whether anything written since matches. With strict it
// searches, and reports ErrConflict if that costs too much.
func (g *group) stillTrue(x *Expectation, strict bool) error {
	e := g.engine
	view := e.index.View()
	if view.Sequence() == x.at && len(g.items) == 0 {
		return nil
	}
	if x.Found != 0 {
		t, id := view.Key(x.Found)
		if !view.Visible(x.Found) || g.changes(key{schema.TypeID(t), id}) {
			return errAsk // its newer version may match as well
		}
	}
	if strict {
		return g.searchAgain(x)
	}
	return g.nothingNew(x, view)
}

// changes reports whether the group has a version of a resource.
func (g *group) changes(k key) bool {
	_, ok := g.overlay[k]
	return ok
}

// searchAgain asks the query itself, in the writer. The group is flushed by then.
func (g *group) searchAgain(x *Expectation) error {
	e := g.engine
	before := x.Found
	again := *x
	err := e.ask(search.WithCostLimit(e.background, strictCost), &again)
	switch {
	case errors.Is(err, ErrTooCostly):
		return ErrConflict
	case err != nil:
		return err
	case again.Found != before:
		return ErrOvertaken
	}
	return nil
}

// decidedNew is how many new versions the writer looks at to decide one condition.
const decidedNew = 4096

// nothingNew reports whether nothing that was written since an expectation was asked
// can change its answer: nil, or errAsk.
func (g *group) nothingNew(x *Expectation, view index.View) error {
	e := g.engine
	f := x.query.Footprint()
	if !f.Alone {
		if g.touches(f, x.last, view) {
			return errAsk
		}
		return nil
	}
	ctx := search.WithCostLimit(e.background, strictCost)
	found, decided, err := e.search.AnyNewer(ctx, view, x.query, x.last, decidedNew)
	if err != nil || !decided || found {
		return errAsk // who asks again hears what is wrong
	}
	if len(g.items) == 0 {
		return nil
	}
	if err := g.fillDraft(); err != nil {
		return errAsk
	}
	if found, err = g.draft.Any(ctx, x.query); err != nil || found {
		return errAsk
	}
	return nil
}

// touches reports whether anything of a footprint was written since a version.
func (g *group) touches(f search.Footprint, last index.Ordinal, view index.View) bool {
	if f.Types == nil {
		return view.Last() > last || len(g.items) > 0
	}
	for _, t := range f.Types {
		for o := range view.OfType(index.TypeID(t)).Backward(view.Last()) {
			if o > last {
				return true
			}
			break
		}
	}
	for i := range g.items {
		for _, t := range f.Types {
			if g.items[i].Type == index.TypeID(t) {
				return true
			}
		}
	}
	return false
}

// fillDraft brings the draft up to the group.
func (g *group) fillDraft() error {
	if g.draft == nil {
		g.draft = g.engine.search.Draft(g.engine.log.HashKey())
	}
	items := g.items[g.drafted:]
	payloads := make([][]byte, len(items))
	n := 0
	for _, c := range g.commits {
		for i := range c.Items {
			if c.Items[i].Kind != txlog.Version {
				continue
			}
			if n++; n <= g.drafted || c.Items[i].Body == nil {
				continue
			}
			_, block, err := splitItem(c.Items[i].Values)
			if err != nil {
				return err
			}
			if payloads[n-1-g.drafted], err = g.engine.packing.unpack(nil, block); err != nil {
				return err
			}
		}
	}
	g.drafted = len(g.items)
	return g.draft.Add(items, payloads)
}
