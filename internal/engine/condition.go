package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
)

// A Criterion is the search of a conditional interaction, or of a conditional reference.
type Criterion struct{ query *query.Query }

// Criterion reads criteria. Criteria without a condition are refused, and never mean
// every resource (FHIR R4 §3.1.0.4.3 and following). They are a query, and may have
// "Type?" or "?" before it, or be an address below base.
func (e *Engine) Criterion(t schema.TypeID, text, base string) (*Criterion, error) {
	if rest, ok := strings.CutPrefix(text, base+"/"); ok && base != "" {
		text = rest
	}
	// A name of a type has neither "=" nor ":", which every condition has.
	if before, after, ok := urlquery.CutPath(text); ok {
		named, isType := schema.ResourceType(before)
		switch {
		case before == "", isType && named == t:
			text = after
		case isType:
			return nil, Failf(ErrInvalid, issue.Value, "the criteria are about another resource type")
		default:
			return nil, Failf(ErrInvalid, issue.Value, "the criteria are no query of this store's")
		}
	}
	for part := range strings.SplitSeq(text, "&") {
		if err := selects(part); err != nil {
			return nil, err
		}
	}
	q, err := e.search.Parse(t, text, false)
	switch {
	case err != nil:
		return nil, QueryError(err)
	case q.Contained():
		return nil, Failf(ErrInvalid, issue.NotSupported, "criteria are about no contained resource")
	case q.Paged():
		return nil, Failf(ErrInvalid, issue.NotSupported, "criteria have no pages")
	case !q.Selects():
		return nil, Failf(ErrInvalid, issue.Required, "the criteria have no condition: they would match every resource of the type")
	}
	return &Criterion{q}, nil
}

// selects refuses a condition of criteria that has no value: a search leaves it aside,
// and the criteria would match too much.
func selects(part string) error {
	_, value, ok := urlquery.Cut(part)
	if part != "" && ok && strings.Trim(value, ", \t\r\n") == "" {
		return Failf(ErrInvalid, issue.Required, "the criteria have a parameter without a value")
	}
	return nil
}

// Conditions returns a text that is the same for criteria with the same conditions,
// however they are spelt.
func (c *Criterion) Conditions() string {
	return c.query.Types()[0].String() + "?" + c.query.Conditions()
}

// Footprint returns on what the answer of the state to criteria depends.
func (h *Hold) Footprint(c *Criterion) query.Footprint {
	return exec.FootprintOf(h.View.View, c.query)
}

// Own returns the criteria without the conditions that look at more than one resource.
func (c *Criterion) Own() *Criterion { return &Criterion{c.query.Own()} }

// Matches returns the versions that criteria find in the state. It reports
// ErrPreconditionFailed if they are more than most.
func (h *Hold) Matches(ctx context.Context, c *Criterion, most int) ([]index.Ordinal, error) {
	set, err := h.engine.search.Ordinals(ctx, h.View.View, c.query)
	if err != nil {
		return nil, QueryError(err)
	}
	n := set.GetCardinality()
	if n > uint64(most) {
		return nil, Several(int(n))
	}
	matches := make([]index.Ordinal, 0, n)
	for it := set.Iterator(); it.HasNext(); {
		matches = append(matches, index.Ordinal(it.Next()))
	}
	return matches, nil
}

// Several returns the error for criteria that match n resources instead of one.
func Several(n int) error {
	return Failf(ErrPreconditionFailed, issue.MultipleMatches, "the condition matches %d resources, not one", n)
}

// An Expectation is a search and the one resource it found, or none.
type Expectation struct {
	query *query.Query
	// Found is the match, 0 for none.
	Found index.Ordinal
	// except reports the resources that are no matches, since the commit itself writes
	// them. nil excepts none.
	except func(t schema.TypeID, id string) bool
	// filter is that of the state that was asked, nil for none. What is asked again passes
	// it as well.
	filter *exec.Filter
	// at is the sequence of the state that was asked, and last its last version.
	at   uint64
	last index.Ordinal
}

// Expect returns the expectation that criteria find the version found in the state,
// apart from resources that the commit itself writes.
func (h *Hold) Expect(c *Criterion, found index.Ordinal, except func(t schema.TypeID, id string) bool) Expectation {
	return Expectation{query: c.query, Found: found, except: except, filter: exec.FilterOf(h.View.View), at: h.Sequence(), last: h.Last()}
}

// Expect searches for the one resource that a conditional write is about, among the
// resources that the caller may find. It reports ErrPreconditionFailed if there are several.
func (e *Engine) Expect(ctx context.Context, c *Criterion, by *Access) (Expectation, error) {
	if err := by.May(access.Search, c.query.Types()[0]); err != nil {
		return Expectation{}, err
	}
	x := Expectation{query: c.query}
	if by != nil {
		x.filter = by.filters[access.Search]
	}
	return x, e.ask(ctx, &x)
}

// ask searches the newest state and notes the match.
func (e *Engine) ask(ctx context.Context, x *Expectation) error {
	now, err := e.Hold()
	if err != nil {
		return err
	}
	defer now.Release()
	x.at, x.last = now.Sequence(), now.Last()
	set, err := e.search.Ordinals(ctx, x.through(now.View.View), x.query)
	if err != nil {
		return QueryError(err)
	}
	n := 0
	x.Found = 0
	for it := set.Iterator(); it.HasNext(); {
		o := index.Ordinal(it.Next())
		if t, id := now.Key(o); x.except == nil || !x.except(schema.TypeID(t), id) {
			x.Found = o
			n++
		}
	}
	if n > 1 {
		return Several(n)
	}
	return nil
}

// through returns a view through the filter of the expectation.
func (x *Expectation) through(view index.View) index.View {
	if x.filter == nil {
		return view
	}
	return view.Through(x.filter)
}

// askAgain searches again for the conditions of a commit that were overtaken. It
// reports ErrOvertaken if one has another answer than before.
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

// strictCost bounds the searches that the writer itself makes for one commit, in
// ordinals and texts looked at: some milliseconds.
const strictCost = 1_000_000

// stillTrue checks an expectation against the newest state and the group so far. It
// returns nil if the expectation holds, ErrOvertaken if it does not, and errAsk if only
// a search can tell. The writer does not search: it looks whether the version that was
// found is current, and whether anything written since matches. With strict it
// searches, and reports ErrConflict if that costs too much. ctx bounds what the
// conditions of a commit cost together.
func (g *group) stillTrue(ctx context.Context, x *Expectation, strict bool) error {
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
		return g.searchAgain(ctx, x)
	}
	return g.nothingNew(ctx, x, view)
}

// changes reports whether the group has a version of a resource.
func (g *group) changes(k key) bool {
	_, ok := g.overlay[k]
	return ok
}

// searchAgain asks the query itself, in the writer. The group is flushed by then.
func (g *group) searchAgain(ctx context.Context, x *Expectation) error {
	e := g.engine
	before := x.Found
	again := *x
	err := e.ask(ctx, &again)
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

// nothingNew returns nil if no version written since an expectation was asked can
// change its answer, and otherwise errAsk.
func (g *group) nothingNew(ctx context.Context, x *Expectation, view index.View) error {
	e := g.engine
	view = x.through(view)
	f := exec.FootprintOf(view, x.query)
	if !f.Alone {
		if g.touches(f, x.last, view) {
			return errAsk
		}
		return nil
	}
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
	if found, err = g.draft.Any(ctx, x.query, x.filter); err != nil || found {
		return errAsk
	}
	return nil
}

// touches reports whether a resource of a footprint's types was written since a
// version.
func (g *group) touches(f query.Footprint, last index.Ordinal, view index.View) bool {
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
		g.draft = g.engine.search.Draft(g.engine.log.HashKey(), func(i int, doc *fhirjson.Document) error {
			return g.engine.parsePacked(g.bodies[i], doc)
		})
	}
	items := g.items[g.drafted:]
	payloads := make([][]byte, len(items))
	n := 0
	for _, c := range g.commits {
		for i := range c.Items {
			if c.Items[i].Kind != txlog.Version {
				continue
			}
			if n++; n <= g.drafted {
				continue
			}
			g.bodies = append(g.bodies, c.Items[i].Body)
			if c.Items[i].Body == nil {
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
