package datastore

import (
	"context"
	"iter"
	"sync"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// A Page is one page of a search's answer.
type Page struct {
	// Type is the resource type that was searched, "" where it was not one.
	Type string
	// Total is the exact number of matches on all pages.
	Total int
	// Matches are those of this page, in the order that the query asks for. With
	// _summary or _elements their JSON is a part of what is stored, tagged SUBSETTED;
	// with _containedType=contained they are contained resources ([Version.Container]).
	Matches []Version
	// Included are what _include and _revinclude add to this page, each once.
	Included []Version
	// Self is the query that was used.
	Self string
	// First, Previous, Next and Last are the queries of other pages, "" where
	// there is no such page. They give the same answer however much is written
	// meanwhile.
	First, Previous, Next, Last string
	// Plan says how the query was answered, if it has _explain=true; otherwise it is
	// nil.
	Plan *search.Plan
	// Issues say what was left aside or cut, and give the plan as text.
	Issues []Issue

	path string // of the search, below the address of a server
}

// A SearchOption changes how a query is read.
type SearchOption func(*searchOptions)

type searchOptions struct {
	lenient     bool
	compartment Ref
}

// Lenient leaves out parameters that are not known or not supported instead of
// refusing the query, and says so in [Page.Issues] (FHIR R4 §3.1.1.3, Prefer:
// handling=lenient).
func Lenient() SearchOption {
	return func(o *searchOptions) { o.lenient = true }
}

// InCompartment looks only among what belongs to one resource: a Patient, an
// Encounter, a RelatedPerson, a Practitioner or a Device, which need not be in the
// store (FHIR R4 §3.3). Without a resource type, the search is over all types that
// the compartment has.
func InCompartment(of Ref) SearchOption {
	return func(o *searchOptions) { o.compartment = of }
}

// in returns the compartment and the path of a search.
func (o *searchOptions) in(typ string) (in search.Compartment, path string, err error) {
	if o.compartment == (Ref{}) {
		return in, typ, nil
	}
	if in.Type, err = resourceType(o.compartment.Type); err != nil {
		return in, "", err
	}
	if !engine.ValidID(o.compartment.ID) {
		return in, "", engine.Failf(ErrInvalid, issue.Value, "the id of the compartment is none")
	}
	in.ID = o.compartment.ID
	if typ == "" {
		typ = "*"
	}
	return in, o.compartment.String() + "/" + typ, nil
}

// Search implements [Reader].
func (s *Store) Search(ctx context.Context, resourceType, query string, opts ...SearchOption) (*Page, error) {
	return s.search(ctx, s, resourceType, query, opts)
}

// Search implements [Reader].
func (s *Snapshot) Search(ctx context.Context, typ, query string, opts ...SearchOption) (*Page, error) {
	return s.store.search(ctx, s, typ, query, opts)
}

// search answers a query as of what from is once the query is read: if that is the
// newest state, it knows the search parameters that the query may name.
func (s *Store) search(ctx context.Context, from Reader, typ, query string, opts []SearchOption) (*Page, error) {
	var o searchOptions
	for _, opt := range opts {
		opt(&o)
	}
	var t schema.TypeID
	var err error
	if typ != "" {
		if t, err = resourceType(typ); err != nil {
			return nil, err
		}
	}
	in, path, err := o.in(typ)
	if err != nil {
		return nil, err
	}
	if err := s.engine.Open(); err != nil {
		return nil, err
	}
	if query, err = s.engine.Search().Named(ctx, t, query); err != nil {
		return nil, engine.QueryError(err)
	}
	q, err := s.engine.Search().ParseIn(in, t, query, o.lenient)
	if err != nil {
		return nil, engine.QueryError(err)
	}
	now, err := from.at()
	if err != nil {
		return nil, err
	}
	defer now.Close()
	r, err := s.engine.Search().Search(ctx, now.view.View, q)
	if err != nil {
		return nil, engine.QueryError(err)
	}
	page := &Page{Type: typ, path: path, Total: r.Total, Self: r.Self, Plan: r.Plan, Issues: r.Issues}
	for _, link := range []struct {
		to    *string
		token string
	}{{&page.First, r.First}, {&page.Previous, r.Previous}, {&page.Next, r.Next}, {&page.Last, r.Last}} {
		if link.token != "" {
			*link.to = pageQuery(r.Self, link.token)
		}
	}
	if r.Contained != nil {
		page.Matches, err = now.contained(ctx, q, r)
		return page, err // nothing is included then
	}
	if page.Matches, err = now.versions(ctx, q, r.Matches, false); err != nil {
		return nil, err
	}
	page.Included, err = now.versions(ctx, q, r.Included, true)
	return page, err
}

// pageQuery adds a page token to a query.
func pageQuery(self, token string) string {
	if self != "" {
		self += "&"
	}
	return self + search.PageParameter + "=" + token
}

// documents are tapes for resources that are cut.
var documents = sync.Pool{New: func() any { return new(fhirjson.Document) }}

// versions reads several versions as the answer to a query shows them.
func (s *Snapshot) versions(ctx context.Context, q *search.Query, ordinals []index.Ordinal, included bool) ([]Version, error) {
	versions := make([]Version, 0, len(ordinals))
	for _, o := range ordinals {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := s.shown(q, o, included)
		if err != nil {
			return nil, err
		}
		versions = append(versions, v)
	}
	return versions, nil
}

// shown reads a version and cuts it as _summary and _elements say.
func (s *Snapshot) shown(q *search.Query, o index.Ordinal, included bool) (Version, error) {
	v, err := s.version(o)
	if err != nil || !q.Cuts(included) {
		return v, err
	}
	doc := documents.Get().(*fhirjson.Document)
	defer documents.Put(doc)
	if err := engine.ParseStored(v.JSON, doc); err != nil {
		return v, err
	}
	v.JSON = q.AppendCut(nil, doc, included)
	return v, nil
}

// matches iterates over all matches of a query in its order, as of what from is once
// the query is read.
func matches(ctx context.Context, from Reader, t schema.TypeID, query string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		s, err := from.at()
		if err != nil {
			yield(Version{}, err)
			return
		}
		s.Close() // only the store is wanted as yet
		plain, err := s.store.engine.Search().Named(ctx, t, query)
		if err != nil {
			yield(Version{}, engine.QueryError(err))
			return
		}
		q, err := s.store.engine.Search().Parse(t, plain, false)
		if err != nil {
			yield(Version{}, engine.QueryError(err))
			return
		}
		if q.Contained() {
			yield(Version{}, engine.Failf(ErrInvalid, issue.NotSupported, "_contained is not supported here: the containers are of other types"))
			return
		}
		if s, err = from.at(); err != nil {
			yield(Version{}, err)
			return
		}
		defer s.Close()
		ordinals, err := s.store.engine.Search().Sorted(ctx, s.view.View, q)
		if err != nil {
			yield(Version{}, engine.QueryError(err))
			return
		}
		for _, o := range ordinals {
			if err := ctx.Err(); err != nil {
				yield(Version{}, err)
				return
			}
			v, err := s.shown(q, o, false)
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}
