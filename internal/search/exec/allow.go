package exec

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A Filter limits the resources that the readers of a view may see. Through a view with
// a filter ([index.View.Through]) a store answers as a store that has no more resources
// than the filter lets through. Matches, totals, targets of chains, _has and _include,
// keys of sorts, value sets and histories all pass it. It never changes.
type Filter struct {
	queries func(t schema.TypeID) []*query.Query // on a type, in which it may have several
	meaning string
	alone   *Filter // with the conditions alone that look at one resource; nil of such a one

	mu    sync.Mutex
	known map[schema.TypeID]*allowed
}

// An allowed is what a filter lets through of one type.
type allowed struct {
	of         [][]query.Condition // the conditions of some queries
	footprints []query.Footprint   // of these queries
	customs    []*param.Custom
}

// NewFilter returns a filter that lets through the resources that match one of the
// queries. It lets no resource through whose type no query searches. Parameters that
// shape answers, such as _sort, have no meaning here.
func NewFilter(queries ...*query.Query) *Filter {
	of := map[schema.TypeID][]*query.Query{}
	var meanings []string
	for _, q := range queries {
		for _, t := range q.Searched {
			of[t] = append(of[t], q)
		}
		meanings = append(meanings, q.Where()+"?"+q.Self())
	}
	return FilterBy(strings.Join(meanings, "\n"), func(t schema.TypeID) []*query.Query { return of[t] })
}

// FilterBy is NewFilter of the queries that a function returns for a type, which is called
// when the type is first met. meaning tells the filter from others.
func FilterBy(meaning string, queries func(t schema.TypeID) []*query.Query) *Filter {
	own := func(t schema.TypeID) []*query.Query {
		all := queries(t)
		own := make([]*query.Query, len(all))
		for i, q := range all {
			own[i] = q.Own()
		}
		return own
	}
	return &Filter{
		queries: queries, meaning: meaning, known: map[schema.TypeID]*allowed{},
		alone: &Filter{queries: own, meaning: meaning, known: map[schema.TypeID]*allowed{}},
	}
}

// on returns what the filter lets through of a type.
func (f *Filter) on(t schema.TypeID) *allowed {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.known[t]
	if a == nil {
		a = new(allowed)
		for _, q := range f.queries(t) {
			i := slices.Index(q.Searched, t)
			all := make([]query.Condition, len(q.Clauses))
			for j, c := range q.Clauses {
				all[j] = c.Of[i]
			}
			a.of, a.footprints, a.customs = append(a.of, all), append(a.footprints, q.Footprint()), append(a.customs, q.Customs...)
		}
		f.known[t] = a
	}
	return a
}

// customs returns the custom parameters that the filter has asked for so far.
func (f *Filter) customs() (all []*param.Custom) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.known {
		all = append(all, a.customs...)
	}
	return all
}

// footprint returns on what an answer depends that depends on of without the filter. A
// filter sees the whole store, so that what its conditions lead to passes none.
func (f *Filter) footprint(of query.Footprint) query.Footprint {
	if f == nil || of.Types == nil {
		return of
	}
	all := query.Footprint{Types: slices.Clone(of.Types), Joined: slices.Clone(of.Joined), Alone: of.Alone}
	for _, t := range of.Types {
		for _, g := range f.on(t).footprints {
			if g.Types == nil {
				return query.Footprint{}
			}
			all.Types, all.Joined, all.Alone = append(all.Types, g.Types...), append(all.Joined, g.Joined...), all.Alone && g.Alone
		}
	}
	slices.Sort(all.Types)
	all.Types = slices.Compact(all.Types)
	return all
}

// FilterOf returns the filter of a view, nil if it has none.
func FilterOf(view index.View) *Filter { return filterOf(view) }

// filterOf returns the filter of a view, nil if it has none.
func filterOf(view index.View) *Filter {
	f, _ := view.Filter().(*Filter)
	return f
}

// bound returns a text that tells the answers of a view from the answers of views with
// other filters.
func bound(view index.View, q *query.Query) string {
	if f := filterOf(view); f != nil {
		return q.Bound + "\x00" + f.meaning
	}
	return q.Bound
}

// An allowNode holds for the resources that the filter of a view lets through. The
// conditions of a filter see the whole store: the filter need not let the targets of
// its chains through.
type allowNode struct{ anyNode }

func (n *allowNode) explain() (string, search.Way) { return "filter of the view", search.ByParts }

// allow returns the node of the view's filter on a type, nil if it lets all through.
func (ev *evaluation) allow(t schema.TypeID) node {
	if ev.filter == nil {
		return nil
	}
	if known, ok := ev.allowed[t]; ok {
		return known
	}
	if ev.allowed == nil {
		whole := &evaluation{Engine: ev.Engine, meter: ev.meter, view: ev.view.Through(nil), terms: ev.terms, explained: ev.explained}
		ev.whole, ev.allowed = whole, map[schema.TypeID]node{}
	}
	var n node
	if !ev.filter.Whole(t) {
		any := anyNode{ev: ev.whole, typ: t}
		for _, all := range ev.filter.on(t).of {
			any.of = append(any.of, ev.whole.compile(t, &query.Combination{All: true, Of: all}, ""))
		}
		n = ev.wrap(&allowNode{any}, t, "")
	}
	ev.allowed[t] = n
	return n
}

// retain removes from set, which is of one type, ordinals that are not visible or not
// let through.
func (ev *evaluation) retain(t schema.TypeID, set *roaring.Bitmap) error {
	ev.view.RetainVisible(set)
	return ev.retainAllowed(t, set)
}

// retainAllowed removes from set, which is of one type and visible, ordinals that are
// not let through.
func (ev *evaluation) retainAllowed(t schema.TypeID, set *roaring.Bitmap) error {
	n := ev.allow(t)
	if n == nil || set.IsEmpty() {
		return nil
	}
	found, err := n.evaluate(set)
	if err == nil {
		set.And(found)
	}
	return err
}

// retainAny does as retain for a set of any types.
func (ev *evaluation) retainAny(set *roaring.Bitmap) error {
	if ev.filter == nil || set.IsEmpty() {
		ev.view.RetainVisible(set)
		return nil
	}
	kept := roaring.New()
	for id := range schema.Types {
		t := schema.TypeID(id)
		part := ev.view.OfType(index.TypeID(t)).Intersect(set)
		if part.IsEmpty() {
			continue
		}
		if err := ev.retain(t, part); err != nil {
			return err
		}
		kept.Or(part)
	}
	set.And(kept)
	return nil
}

// Sees reports whether the filter lets resources of a type through, some or all.
func (f *Filter) Sees(t schema.TypeID) bool { return len(f.on(t).of) > 0 }

// Whole reports whether the filter lets all resources of a type through.
func (f *Filter) Whole(t schema.TypeID) bool {
	return slices.ContainsFunc(f.on(t).of, func(all []query.Condition) bool { return len(all) == 0 })
}

// Alone reports whether a resource of a type alone decides whether the filter lets it
// through.
func (f *Filter) Alone(t schema.TypeID) bool {
	return !slices.ContainsFunc(f.on(t).footprints, func(of query.Footprint) bool { return !of.Alone })
}

// Meaning returns a text that tells filters apart.
func (f *Filter) Meaning() string { return f.meaning }

// Lets reports for each of some versions, superseded ones included, whether the filter
// of a view lets it through. Its own content decides on a version, and the version
// before it on a deletion.
func (e *Engine) Lets(ctx context.Context, view index.View, versions ...index.Ordinal) ([]bool, error) {
	through := make([]bool, len(versions))
	lets := e.Judge(ctx, view)
	for i, o := range versions {
		var err error
		if through[i], err = lets(o); err != nil {
			return nil, err
		}
	}
	return through, e.stands(view, &query.Query{})
}

// Judge returns a function that reports what Lets reports, for one version after the
// other, and for one goroutine.
func (e *Engine) Judge(ctx context.Context, view index.View) func(index.Ordinal) (bool, error) {
	if filterOf(view) == nil {
		return func(index.Ordinal) (bool, error) { return true, nil }
	}
	ev := e.evaluation(ctx, view)
	decisions := map[schema.TypeID]decision{}
	return func(o index.Ordinal) (bool, error) {
		typ, _ := view.Key(o)
		for view.Deleted(o) {
			o, _ = view.Previous(o)
		}
		t := schema.TypeID(typ)
		n := ev.allow(t)
		if n == nil || o == 0 {
			return n == nil, nil
		}
		if decisions[t] == nil {
			d, err := n.decide(itself)
			if err != nil {
				return false, err
			}
			decisions[t] = d
		}
		out, err := ev.whole.outer(o)
		if err != nil {
			return false, err
		}
		held, err := decisions[t](out)
		return err == nil && held[0], err
	}
}

// An Unwritten is a resource before it is written.
type Unwritten struct {
	Type     schema.TypeID
	ID       string
	Payload  []byte // its values
	Document func(doc *fhirjson.Document) error
}

// LetsUnwritten reports whether the filter of a view would let a resource through. The
// resource alone must decide on that ([Filter.Alone]).
func (e *Engine) LetsUnwritten(ctx context.Context, view index.View, r *Unwritten) (bool, error) {
	own := *e
	own.documents = func(_ index.Ordinal, doc *fhirjson.Document) error { return r.Document(doc) }
	ev := own.evaluation(ctx, view)
	n := ev.allow(r.Type)
	if n == nil {
		return true, nil
	}
	decide, err := n.decide(itself)
	if err != nil {
		return false, err
	}
	whole := ev.whole
	if whole.read, err = whole.settle.Decode(whole.read[:0], r.Payload); err != nil {
		return false, err
	}
	held, err := decide(whole.outerOf(0, r.Type, r.ID, whole.read))
	return err == nil && held[0], err
}
