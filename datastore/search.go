package datastore

import (
	"context"
	"iter"
	"math"
	"sync"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A Page is one page of a search's answer.
type Page struct {
	// Type is the searched resource type, "" for a search of several types.
	Type string
	// Total is the exact number of matches on all pages.
	Total int
	// Matches are the matches on this page, in the query's order. With _summary or
	// _elements their JSON is cut and tagged SUBSETTED; with _containedType=contained
	// they are contained resources ([Version.Container]).
	Matches []Version
	// Included are the resources that _include and _revinclude add to this page, each
	// once.
	Included []Version
	// Self is the query that was used.
	Self string
	// First, Previous, Next and Last are the queries of other pages, "" if there is no
	// such page. They give the same answer however much is written meanwhile.
	First, Previous, Next, Last string
	// Plan says how the query was answered, if it has _explain=true; otherwise it is
	// nil.
	Plan *search.Plan
	// Issues tell ignored parameters and cuts of the page, and give the plan as text.
	Issues []Issue

	path string // of the search, below the address of a server
}

// A SearchOption changes how a query is read.
type SearchOption func(*searchOptions)

type searchOptions struct {
	lenient     bool
	compartment Ref
}

// Lenient ignores unknown and unsupported parameters instead of refusing the query, and
// lists them in [Page.Issues] (FHIR R4 §3.1.1.3, Prefer: handling=lenient).
func Lenient() SearchOption {
	return func(o *searchOptions) { o.lenient = true }
}

// InCompartment searches only the compartment of one resource: a Patient, an Encounter,
// a RelatedPerson, a Practitioner or a Device, which need not be in the store (FHIR R4
// §3.3). Without a resource type, it searches all types of the compartment.
func InCompartment(of Ref) SearchOption {
	return func(o *searchOptions) { o.compartment = of }
}

// in returns the compartment and the path of a search.
func (o *searchOptions) in(typ string) (in query.Compartment, path string, err error) {
	if o.compartment == (Ref{}) {
		return in, typ, nil
	}
	if in.Type, err = resourceType(o.compartment.Type); err != nil {
		return in, "", err
	}
	if !fhirjson.ValidID(o.compartment.ID) {
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
	return s.search(ctx, s, resourceType, query, math.MaxInt, opts)
}

// Search implements [Reader].
func (s *Snapshot) Search(ctx context.Context, typ, query string, opts ...SearchOption) (*Page, error) {
	return s.store.search(ctx, s, typ, query, math.MaxInt, opts)
}

// A result is a page before its resources are read.
type result struct {
	*Page
	query *query.Query
	found *exec.Result
	at    *Snapshot // to be closed
	// For a page with included resources: its references to versions, and the included
	// resources without JSON.
	versioned    versionedReferences
	includedOnes []Version
	// passing says that each resource is used before the next is read, into buffer.
	passing bool
	buffer  []byte
}

// read reads a version of the page.
func (r *result) read(o Ordinal) (Version, error) {
	described := r.at.view.Version(o)
	v := publicVersion(&described)
	var err error
	r.buffer, err = r.at.view.AppendJSON(r.buffer[:0], o)
	if v.JSON = r.buffer; !r.passing {
		r.buffer = nil
	}
	return v, err
}

// query reads a query, and returns the path of its search.
func (s *Store) query(ctx context.Context, typ, query string, o *searchOptions) (q *query.Query, path string, err error) {
	var t schema.TypeID
	if typ != "" {
		if t, err = resourceType(typ); err != nil {
			return nil, "", err
		}
	}
	in, path, err := o.in(typ)
	if err != nil {
		return nil, "", err
	}
	if err := s.engine.Open(); err != nil {
		return nil, "", err
	}
	if query, err = s.engine.Search().Named(ctx, t, query); err != nil {
		return nil, "", engine.QueryError(err)
	}
	if q, err = s.engine.Search().ParseIn(in, t, query, o.lenient); err != nil {
		return nil, "", engine.QueryError(err)
	}
	return q, path, nil
}

// find reads a query and then answers it as of from. The newest state is taken after
// the query is read, so that it has the search parameters of the query.
func (s *Store) find(ctx context.Context, from Reader, typ, query string, opts []SearchOption) (*result, error) {
	var o searchOptions
	for _, opt := range opts {
		opt(&o)
	}
	q, path, err := s.query(ctx, typ, query, &o)
	if err != nil {
		return nil, err
	}
	now, err := from.at()
	if err != nil {
		return nil, err
	}
	r, err := s.engine.Search().Search(ctx, now.view.View, q)
	if err != nil {
		now.Close()
		return nil, engine.QueryError(err)
	}
	res := &result{Page: &Page{Type: typ, path: path, Total: r.Total, Self: r.Self, Plan: r.Plan}, query: q, found: r, at: now}
	if len(r.Included) > 0 {
		res.versioned = versionedReferences{}
	}
	res.link()
	return res, nil
}

// link fills in the page's fields beside its resources.
func (r *result) link() {
	r.Issues = r.found.Issues
	for _, link := range []struct {
		to    *string
		token string
	}{{&r.First, r.found.First}, {&r.Previous, r.found.Previous}, {&r.Next, r.found.Next}, {&r.Last, r.found.Last}} {
		if link.token != "" {
			*link.to = pageQuery(r.Self, link.token)
		}
	}
}

// search answers a query with a page whose resources are read. With room, a page of
// more bytes is cut.
func (s *Store) search(ctx context.Context, from Reader, typ, query string, room int, opts []SearchOption) (*Page, error) {
	r, err := s.find(ctx, from, typ, query, opts)
	if err != nil {
		return nil, err
	}
	defer r.at.Close()
	size, cut := 0, false
	err = r.matches(ctx, func(v Version) bool {
		if size += len(v.JSON); size > room {
			cut = true
			return false
		}
		r.Matches = append(r.Matches, v)
		return true
	})
	if err != nil {
		return nil, err
	}
	if cut {
		if err := s.engine.Search().Cut(ctx, r.at.view.View, r.query, r.found, len(r.Matches)); err != nil {
			return nil, engine.QueryError(err)
		}
		r.link()
	}
	err = r.included(ctx, func(v Version) bool {
		if size += len(v.JSON); size > room {
			r.Issues = append(r.Issues[:len(r.Issues):len(r.Issues)], tooMuchIncluded)
			return false
		}
		r.Included = append(r.Included, v)
		return true
	})
	if err != nil {
		return nil, err
	}
	r.Issues = r.issues()
	return r.Page, nil
}

// issues returns the page's issues, once its resources were read.
func (r *result) issues() []Issue {
	more := r.versioned.issues(r.includedOnes)
	return append(r.Issues[:len(r.Issues):len(r.Issues)], more...)
}

// tooMuchIncluded is the issue on a page without room for all included resources.
var tooMuchIncluded = Issue{
	Severity: issue.Warning, Code: issue.Incomplete, Offset: -1,
	Diagnostics: "the resources to include are longer than the page may be; the rest are left out",
}

// matches reads the matches of the page and calls yield with each until it returns
// false. The JSON is the caller's.
func (r *result) matches(ctx context.Context, yield func(v Version) bool) error {
	if r.found.Contained != nil {
		return r.at.contained(ctx, r.query, r.found, yield)
	}
	return r.versions(ctx, r.found.Matches, false, yield)
}

// included reads the included resources of the page, as matches does.
func (r *result) included(ctx context.Context, yield func(v Version) bool) error {
	return r.versions(ctx, r.found.Included, true, yield)
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

// versions reads several versions as the answer shows them, and calls yield with each
// until it returns false.
func (r *result) versions(ctx context.Context, ordinals []index.Ordinal, included bool, yield func(v Version) bool) error {
	for _, o := range ordinals {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, err := r.read(o)
		if err != nil {
			return err
		}
		if r.versioned != nil {
			r.versioned.note(v.JSON)
			if included {
				r.includedOnes = append(r.includedOnes, Version{Ref: v.Ref, VersionID: v.VersionID})
			}
		}
		if err := cut(r.query, &v, included); err != nil {
			return err
		}
		if !yield(v) {
			return nil
		}
	}
	return nil
}

// shown reads a version and cuts it as _summary and _elements say.
func (s *Snapshot) shown(q *query.Query, o index.Ordinal, included bool) (Version, error) {
	v, err := s.version(o)
	if err == nil {
		err = cut(q, &v, included)
	}
	return v, err
}

// cut cuts a version as _summary and _elements say.
func cut(q *query.Query, v *Version, included bool) error {
	if !q.Cuts(included) {
		return nil
	}
	doc := documents.Get().(*fhirjson.Document)
	defer documents.Put(doc)
	if err := engine.ParseStored(v.JSON, doc); err != nil {
		return err
	}
	v.JSON = q.AppendCut(nil, doc, included)
	return nil
}

// matches reads a query and iterates over all its matches in its order, as of from.
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
		if q.Paged() {
			yield(Version{}, engine.Failf(ErrInvalid, issue.NotSupported, "%s is not supported here: all matches are read", search.PageParameter))
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
