package datastore

import (
	"context"
	"iter"
	"sync"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/issue"
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

// Search implements [Reader].
func (s *Store) Search(ctx context.Context, resourceType, query string, opts ...SearchOption) (_ *Page, err error) {
	defer s.told("search", resourceType, &err)()
	return s.search(ctx, s, resourceType, query, room{bytes: s.pageBytes, least: 1}, opts)
}

// Search implements [Reader].
func (s *Snapshot) Search(ctx context.Context, typ, query string, opts ...SearchOption) (_ *Page, err error) {
	defer s.store.told("search", typ, &err)()
	return s.store.search(ctx, s, typ, query, room{bytes: s.store.pageBytes, least: 1}, opts)
}

// A room is how much a page may have: the next match is for another page where it would
// be more bytes, unless there are not as many matches yet as there are at least.
type room struct{ bytes, least int }

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
func (r *result) read(o index.Ordinal) (Version, error) {
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
func (s *Store) query(ctx context.Context, typ, query string, opts []SearchOption) (q *query.Query, path string, err error) {
	o, err := gatherSearch(opts)
	if err != nil {
		return nil, "", err
	}
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
	return q, path, s.permitted(q)
}

// find reads a query and then answers it as of from. The newest state is taken after
// the query is read, so that it has the search parameters of the query.
func (s *Store) find(ctx context.Context, from Reader, typ, query string, opts []SearchOption) (*result, error) {
	q, path, err := s.query(ctx, typ, query, opts)
	if err != nil {
		return nil, err
	}
	now, err := from.At()
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

// search answers a query with a page whose resources are read, cut where there is no room
// for more.
func (s *Store) search(ctx context.Context, from Reader, typ, query string, room room, opts []SearchOption) (*Page, error) {
	r, err := s.find(ctx, from, typ, query, opts)
	if err != nil {
		return nil, err
	}
	defer r.at.Close()
	err = r.fill(ctx, room,
		func(v Version) bool { r.Matches = append(r.Matches, v); return true },
		func(v Version) bool { r.Included = append(r.Included, v); return true })
	if err != nil {
		return nil, err
	}
	r.Issues = r.issues()
	return r.Page, nil
}

// fill reads the matches of the page and then what it includes, and calls a function with
// each until that returns false. Where there is no room for all matches, the page ends
// earlier, and its links say so.
func (r *result) fill(ctx context.Context, room room, match, include func(v Version) bool) error {
	size, n, cut := 0, 0, false
	err := r.matches(ctx, func(v Version) bool {
		if size += len(v.JSON); size > room.bytes && n >= room.least {
			cut = true
			return false
		}
		n++
		return match(v)
	})
	if err != nil {
		return err
	}
	if cut {
		if err := r.at.store.engine.Search().Cut(ctx, r.at.view.View, r.query, r.found, n); err != nil {
			return engine.QueryError(err)
		}
		r.link()
	}
	return r.included(ctx, func(v Version) bool {
		if size += len(v.JSON); size > room.bytes {
			r.Issues = append(r.Issues[:len(r.Issues):len(r.Issues)], tooMuchIncluded)
			return false
		}
		return include(v)
	})
}

// issues returns what the page has to say once its resources were read.
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

// SearchAll implements [Reader].
func (s *Store) SearchAll(ctx context.Context, resourceType, query string, opts ...SearchOption) iter.Seq2[Version, error] {
	return s.all(ctx, s, resourceType, query, opts)
}

// SearchAll implements [Reader].
func (s *Snapshot) SearchAll(ctx context.Context, typ, query string, opts ...SearchOption) iter.Seq2[Version, error] {
	return s.store.all(ctx, s, typ, query, opts)
}

// all reads a query and iterates over all its matches in its order, as of from.
func (s *Store) all(ctx context.Context, from Reader, typ, query string, opts []SearchOption) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		var err error
		defer s.told("search", typ, &err)()
		q, _, err := s.query(ctx, typ, query, opts)
		if err == nil && (q.Contained() || q.Paged() || q.Includes() || q.Explain || q.Count() == 0) {
			err = engine.Failf(ErrInvalid, issue.NotSupported,
				"an iteration over all matches takes no _contained, _include, _revinclude, _explain, total alone and no page: leave them out")
		}
		var now *Snapshot
		if err == nil {
			now, err = from.At()
		}
		if err != nil {
			yield(Version{}, err)
			return
		}
		defer now.Close()
		ordinals, err := s.engine.Search().Sorted(ctx, now.view.View, q)
		if err != nil {
			err = engine.QueryError(err)
			yield(Version{}, err)
			return
		}
		for _, o := range ordinals {
			var v Version
			if err = ctx.Err(); err == nil {
				v, err = now.shown(q, o, false)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}
