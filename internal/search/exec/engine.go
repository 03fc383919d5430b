package exec

import (
	"context"
	"maps"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/pagetoken"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/custom"
	"github.com/fhirlake/fhirlake/internal/search/extract"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/internal/terminology"
	"github.com/fhirlake/fhirlake/internal/ucum"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// Options are the options of an [Engine]. The zero value of each field is its
// default.
type Options struct {
	// Settings are the zone and base by which stored values and queries are read. The
	// index must have the same.
	param.Settings
	// Values appends the values of a version to dst and returns it: the payload of
	// Extract's Builder. It is called for candidates that the index alone cannot
	// decide: composites of one element out of several, decimals that differ beyond
	// float64, sorts by tokens and references, targets of canonicals. Without it those
	// searches fail. It is called by several goroutines.
	Values func(o index.Ordinal, dst []byte) ([]byte, error)
	// Documents parses the resource of a version into doc. It is called for the
	// ValueSets and CodeSystems of :in, :not-in, :above and :below, for the Locations
	// of near, and for the texts in which a phrase may stand; without it those searches
	// fail. It is called by several goroutines.
	Documents func(o index.Ordinal, doc *fhirjson.Document) error
	// PageKey authenticates page tokens. Stores that must understand each other's
	// tokens share it. Empty makes tokens that anyone can forge.
	PageKey []byte
	// Now is the time to which the prefix ap measures; nil is time.Now.
	Now func() time.Time
	// Queries are the named queries that [Engine.Named] knows, by name.
	Queries map[string]search.NamedQuery
	// CostLimit bounds the work of one search, in ordinals and texts looked at.
	// 0 is [DefaultCostLimit].
	CostLimit int
}

// An Engine extracts search values and answers queries over an index. It is safe
// for any number of goroutines.
type Engine struct {
	registry   *param.Registry // R4's
	custom     *custom.Parameters
	index      *index.Index
	zone       *time.Location
	base       string
	settle     index.Settle
	values     func(index.Ordinal, []byte) ([]byte, error)
	documents  func(index.Ordinal, *fhirjson.Document) error
	pages      pagetoken.Key
	identity   string // of all that answers depend on beside the state and the query
	now        func() time.Time
	queries    map[string]search.NamedQuery
	costLimit  int
	units      *ucum.Cache
	extractors *extract.Pool
	expansions *terminology.Cache
}

// New returns an engine over an index. The index may be empty or nil for
// extraction alone.
func New(x *index.Index, opts Options) *Engine {
	e := &Engine{
		registry: param.R4(), index: x,
		zone: opts.Zone, base: param.NormalBase(opts.Base), settle: opts.Settle(), values: opts.Values, documents: opts.Documents,
		pages: pagetoken.NewKey(opts.PageKey), now: opts.Now, queries: maps.Clone(opts.Queries), costLimit: opts.CostLimit, units: ucum.NewCache(256),
	}
	if e.values == nil {
		e.values = func(index.Ordinal, []byte) ([]byte, error) { return nil, errNoValues }
	}
	if e.zone == nil {
		e.zone = time.UTC
	}
	if e.now == nil {
		e.now = time.Now
	}
	if e.costLimit == 0 {
		e.costLimit = search.DefaultCostLimit
	}
	e.identity = e.identify()
	e.extractors = extract.NewPool(e.registry)
	e.custom = custom.New(e.registry, x, e.extractors)
	e.expansions = terminology.NewCache()
	return e
}

// Custom returns the custom parameters of the index.
func (e *Engine) Custom() *custom.Parameters { return e.custom }

// Parse is [Parse] with the engine's time zone and base URL.
func (e *Engine) Parse(t schema.TypeID, rawQuery string, lenient bool) (*query.Query, error) {
	return e.ParseIn(query.Compartment{}, t, rawQuery, lenient)
}

// ParseIn is Parse for a search in a compartment.
func (e *Engine) ParseIn(c query.Compartment, t schema.TypeID, rawQuery string, lenient bool) (*query.Query, error) {
	return query.Read(e.custom.Registry(), t, rawQuery, query.ParseOptions{Lenient: lenient, Zone: e.zone, Base: e.base, Compartment: c})
}

// A Result is one page of the answer to a query.
type Result struct {
	// Total is the exact number of matches.
	Total int
	// Matches are the matches of the page, in order.
	Matches []index.Ordinal
	// Contained has, for each match of a query with _containedType=contained, the
	// number of the contained resource in its version, from 1, or 0 for the version
	// itself. For other queries it is nil.
	Contained []int
	// Included are the resources that _include and _revinclude add to the page, each
	// once and without matches of the page, in the order of their ordinals.
	Included []index.Ordinal
	// Self is the query as it was used, without a page.
	Self string
	// First, Previous, Next and Last are page tokens for [PageParameter], empty
	// where there is no such page.
	First, Previous, Next, Last string
	// Sequence is the sequence of the state that was searched.
	Sequence uint64
	// Plan says how the query was answered, if it asked for that; otherwise it is nil.
	Plan *search.Plan
	// Issues tell ignored parameters and resources that were left out, and give the
	// plan as text.
	Issues []issue.Issue

	offset int // of the page
}

// Search answers a query as of a view: the page of the query's token, or the first
// page. With a token it answers as of the token's state, so that pages fit together
// however much is written meanwhile. The token of a state that is newer than the view
// is stale, since the view cannot see that state.
//
// It reports [ErrInvalidPage], [ErrStalePage], [ErrTooCostly], the error of ctx, and
// what Options.Values reports. A sweep may pass a view without a hold while it is
// searched: the answer is exact, or the error is ErrStalePage.
func (e *Engine) Search(ctx context.Context, view index.View, q *query.Query) (*Result, error) {
	offset := 0
	if q.Page != "" {
		sequence, at, err := e.readToken(view, q)
		if err != nil {
			return nil, err
		}
		if view, err = e.viewAt(view, sequence); err != nil {
			return nil, err
		}
		offset = at
	}
	ev := e.evaluation(ctx, view)
	r := &Result{Self: q.Self(), Sequence: view.Sequence(), Issues: q.Ignored}
	if q.Explain {
		ev.explained = newExplanation()
	}
	if err := ev.page(r, q, offset); err != nil {
		return nil, err
	}
	if err := ev.include(r, q); err != nil {
		return nil, err
	}
	if err := e.stands(view, q); err != nil {
		return nil, err
	}
	if ev.explained != nil {
		r.Plan = &ev.explained.plan
		r.Plan.Total = r.Total
		r.Issues = append(r.Issues[:len(r.Issues):len(r.Issues)], issueOf(r.Plan))
	}
	e.links(view, r, q, offset)
	return r, nil
}

// viewAt returns the view of a sequence, which must not be newer than the view newest.
func (e *Engine) viewAt(newest index.View, sequence uint64) (index.View, error) {
	if sequence > newest.Sequence() {
		return index.View{}, errStaleToken
	}
	view, ok := e.index.ViewAt(sequence)
	if !ok || view.Sequence() != sequence {
		return index.View{}, errStaleToken
	}
	if f := newest.Filter(); f != nil {
		view = view.Through(f)
	}
	return view, nil
}

// Ordinals returns all matches of a query as of a view, and ignores its sort and page.
// The result is the caller's. It reports what Search reports. For a query of contained
// resources it returns their containers, as Sorted does.
func (e *Engine) Ordinals(ctx context.Context, view index.View, q *query.Query) (*roaring.Bitmap, error) {
	set, err := e.evaluation(ctx, view).all(q)
	if err == nil {
		err = e.stands(view, q)
	}
	return set, err
}

// Sorted returns all matches of a query as of a view, in the query's order, and ignores
// its page. It reports what Search reports.
func (e *Engine) Sorted(ctx context.Context, view index.View, q *query.Query) ([]index.Ordinal, error) {
	ev := e.evaluation(ctx, view)
	set, err := ev.all(q)
	if err != nil {
		return nil, err
	}
	n := int(set.GetCardinality())
	sorted := newest(set, 0, n)
	if len(q.Sort) > 0 {
		if sorted, err = ev.sorted(set, q.Sort, 0, n); err != nil {
			return nil, err
		}
	}
	return sorted, e.stands(view, q)
}
