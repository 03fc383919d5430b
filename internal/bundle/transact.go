package datastore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/internal/issue"
	"golang.org/x/sync/errgroup"
)

// Transact carries out a Bundle of type batch or transaction and returns the
// response Bundle (FHIR R4 §3.1.0.11).
//
// A transaction is one commit: all of it or nothing, and an [Error] names the
// entry. Its writes are carried out in the order that FHIR gives (DELETE, POST,
// PUT, GET), ids are assigned first, and references from one entry to the fullUrl
// of another are rewritten; so are conditional references (Type?query), which
// must find one resource. The entries of a batch are carried out one by one, each
// with its own outcome. The options are those that say how resources are
// checked.
func (s *Store) Transact(ctx context.Context, json []byte, opts ...WriteOption) ([]byte, error) {
	if len(json) > s.options.MaxResourceSize {
		return nil, failf(ErrInvalid, issue.TooLong, "the Bundle is longer than the limit of %d bytes", s.options.MaxResourceSize)
	}
	o, c, err := s.gather(opts)
	if err != nil {
		return nil, err
	}
	if o.ifNoneExist != "" || c != (condition{}) {
		return nil, failf(ErrInvalid, issue.Invalid, "IfMatch, IfNoneMatch and IfNoneExist do not go with a Bundle")
	}
	b, err := parseBundle(json)
	if err != nil {
		return nil, err
	}
	requests := make([]request, len(b.Entry))
	bad := make([]error, len(b.Entry))
	for i := range b.Entry {
		if requests[i], bad[i] = parseRequest(&b.Entry[i]); bad[i] != nil {
			bad[i] = at(fmt.Sprintf("/entry/%d", i), bad[i])
			if b.Type == "transaction" {
				return nil, bad[i]
			}
		}
	}
	if b.Type == "batch" {
		return appendReplies(nil, b.Type, s.batch(ctx, requests, bad, o.check)), ctx.Err()
	}
	for range tries {
		replies, err := s.transaction(ctx, requests, o.check)
		if err == nil {
			return appendReplies(nil, b.Type, replies), nil
		}
		if !errors.Is(err, errStale) {
			return nil, err
		}
	}
	return nil, ErrConflict
}

// A request is one entry of a batch or transaction.
type request struct {
	method      string
	target      target
	fullURL     string
	resource    []byte
	ifNoneExist string
	condition   condition
}

func parseRequest(e *bundleEntry) (request, error) {
	if e.Request == nil {
		return request{}, failf(ErrInvalid, issue.Required, "the entry needs a request")
	}
	r := request{
		method: e.Request.Method, fullURL: e.FullURL, resource: e.Resource, ifNoneExist: e.Request.IfNoneExist,
	}
	var err error
	if r.target, err = parseTarget(e.Request.URL); err != nil {
		return r, at("/request/url", err)
	}
	if e.Request.IfMatch != "" {
		n, ok := parseVersion(strings.Trim(strings.TrimPrefix(e.Request.IfMatch, "W/"), `"`))
		if !ok {
			return r, at("/request/ifMatch", failf(ErrPreconditionFailed, issue.Conflict, "names no version of this store"))
		}
		r.condition.ifMatch = n
	}
	r.condition.mustNot = e.Request.IfNoneMatch == "*" && r.method == http.MethodPut
	wantsResource := r.method == http.MethodPost || r.method == http.MethodPut
	switch {
	case r.method != http.MethodGet && (r.target.typ == 0 || r.target.in != Ref{}):
		return r, at("/request/url", failf(ErrInvalid, issue.NotSupported, "only a GET is of all types or of a compartment"))
	case r.method != http.MethodGet && r.method != http.MethodDelete && !wantsResource:
		return r, at("/request/method", failf(ErrUnsupported, issue.NotSupported, "the method is not supported in a Bundle"))
	case wantsResource && len(r.resource) == 0:
		return r, at("/resource", failf(ErrInvalid, issue.Required, "the entry needs a resource"))
	case r.method == http.MethodPost && (r.target.id != "" || r.target.query != ""):
		return r, at("/request/url", failf(ErrInvalid, issue.Value, "a POST is to a resource type"))
	case r.method == http.MethodPut && r.target.id == "" && r.target.query == "":
		return r, at("/request/url", failf(ErrInvalid, issue.Value, "a PUT is to a resource or to a query"))
	case r.method == http.MethodDelete && r.target.id == "" && r.target.query == "":
		return r, at("/request/url", failf(ErrInvalid, issue.Value, "a DELETE is of a resource or of what a query finds"))
	case r.target.version != "" && r.method != http.MethodGet:
		return r, at("/request/url", failf(ErrInvalid, issue.Value, "a version cannot be written"))
	case r.ifNoneExist != "" && r.method != http.MethodPost:
		return r, at("/request/ifNoneExist", failf(ErrInvalid, issue.Value, "goes with POST alone"))
	}
	return r, nil
}

// batch carries out requests one by one, each as a transaction of its own.
func (s *Store) batch(ctx context.Context, requests []request, bad []error, k check) []reply {
	replies := make([]reply, len(requests))
	for i := range requests {
		err := bad[i]
		for range tries {
			if err != nil && !errors.Is(err, errStale) {
				break
			}
			var one []reply
			if one, err = s.transaction(ctx, requests[i:i+1], k); err == nil {
				replies[i] = one[0]
				break
			}
		}
		if errors.Is(err, errStale) {
			err = ErrConflict
		}
		if err != nil {
			replies[i] = reply{status: Status(err), err: err}
		}
	}
	return replies
}

// methodOrder is the order in which a transaction's requests are carried out.
var methodOrder = []string{http.MethodDelete, http.MethodPost, http.MethodPut}

// transaction carries out requests as one commit. It reports errStale if what its
// conditions found has changed since.
func (s *Store) transaction(ctx context.Context, requests []request, k check) ([]reply, error) {
	p := plan{store: s, check: k, requests: requests, entries: make([]planned, len(requests)), links: map[string]string{}, creates: map[string]*planned{}}
	if err := p.assign(ctx); err != nil {
		return nil, err
	}
	if err := p.prepare(ctx); err != nil {
		return nil, err
	}
	c := &commit{expects: p.expects}
	var from []int // the request of each operation
	for _, method := range methodOrder {
		for i := range requests {
			if e := &p.entries[i]; requests[i].method == method && e.op.prepared != nil {
				c.ops = append(c.ops, e.op)
				from = append(from, i)
			}
		}
	}
	if len(c.ops) > 0 || len(c.expects) > 0 {
		if err := s.submit(ctx, c); err != nil {
			return nil, err
		}
	}
	for n, i := range from {
		p.entries[i].reply = reply{status: http.StatusOK, version: c.versions[n]}
		switch v := &c.versions[n]; {
		case v.Deleted || v.VersionID == "":
			p.entries[i].reply.status = http.StatusNoContent
		case v.Created:
			p.entries[i].reply.status = http.StatusCreated
		}
	}
	return p.replies(ctx), nil
}

// A plan is a transaction while it is worked out.
type plan struct {
	store    *Store
	check    check
	requests []request
	entries  []planned
	links    map[string]string   // fullUrl → Type/id; fixed once prepare begins
	creates  map[string]*planned // Type?ifNoneExist → the entry that creates it

	mu struct {
		sync.Mutex
		conditional map[string]string // Type?query → Type/id
	}
	expects []expectation // guarded by mu while resources are prepared
}

// planned is what one request becomes: an operation, or a reply at once.
type planned struct {
	id    string // of the resource to be written
	op    op     // prepared is nil where nothing is to be written
	reply reply
	// same is an earlier entry that creates, under the same ifNoneExist, what this
	// one would have created.
	same *planned
}

// assign decides which resource each request is about, and under which name the
// others refer to it. Conditions by search are asked here, and again by the
// writer.
func (p *plan) assign(ctx context.Context) error {
	taken := map[key]bool{}
	for i := range p.requests {
		r, e := &p.requests[i], &p.entries[i]
		if r.method == http.MethodGet {
			continue
		}
		if err := p.assignOne(ctx, r, e); err != nil {
			return at(fmt.Sprintf("/entry/%d", i), err)
		}
		if e.id == "" {
			continue
		}
		if r.fullURL != "" {
			p.links[r.fullURL] = r.target.typ.String() + "/" + e.id
		}
		if e.reply.status != 0 || e.same != nil {
			continue // nothing is written
		}
		k := key{r.target.typ, e.id}
		if taken[k] {
			return at(fmt.Sprintf("/entry/%d", i), failf(ErrInvalid, issue.Duplicate, "two entries write the same resource"))
		}
		taken[k] = true
	}
	return nil
}

func (p *plan) assignOne(ctx context.Context, r *request, e *planned) error {
	e.id = r.target.id
	e.op.condition = r.condition
	query := r.ifNoneExist
	if r.method != http.MethodPost {
		query = r.target.query
	}
	var found Version
	if query != "" {
		x, err := p.store.expect(ctx, r.target.typ, query)
		if err != nil {
			return err
		}
		p.expects = append(p.expects, x)
		if x.found != 0 {
			if found, err = p.store.now().version(x.found); err != nil {
				return err
			}
			e.id = found.ID
		}
	}
	switch r.method {
	case http.MethodPost:
		if found.ID != "" {
			found.JSON = nil
			e.reply = reply{status: http.StatusOK, version: found}
			return nil
		}
		if query != "" {
			what := r.target.typ.String() + "?" + query
			if e.same = p.creates[what]; e.same != nil {
				e.id = e.same.id
				return nil
			}
			p.creates[what] = e
		}
		e.id = p.store.options.NewID()
		e.op.mustNot = true
	case http.MethodPut:
		if e.id == "" {
			if e.id = ownID(r.resource); e.id == "" {
				e.id = p.store.options.NewID()
			}
			e.op.mustNot = true // what has this id is not what the query looked for
		}
	case http.MethodDelete:
		if e.id == "" {
			e.reply = reply{status: http.StatusNoContent}
			return nil
		}
		e.op.skipAbsent = true
		e.op.prepared = prepareDelete(r.target.typ, e.id)
	}
	return nil
}

// prepare rewrites and prepares the resources, on all cores.
func (p *plan) prepare(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range p.requests {
		r, e := &p.requests[i], &p.entries[i]
		if e.reply.status != 0 || e.same != nil || r.method != http.MethodPost && r.method != http.MethodPut {
			continue
		}
		g.Go(func() error {
			var err error
			if e.op.prepared, err = p.prepareOne(ctx, r, e.id); err != nil {
				return at(fmt.Sprintf("/entry/%d/resource", i), err)
			}
			return nil
		})
	}
	return g.Wait()
}

// replies answers the requests in their order. GETs see what was written; one that
// fails says so in its own reply, since it changes nothing and all that does is
// done.
func (p *plan) replies(ctx context.Context) []reply {
	now := p.store.Snapshot()
	defer now.Close()
	replies := make([]reply, len(p.requests))
	for i := range p.requests {
		replies[i] = p.entries[i].reply
		if same := p.entries[i].same; same != nil {
			replies[i] = reply{status: http.StatusOK, version: same.reply.version}
		}
		if p.requests[i].method == http.MethodGet {
			replies[i] = now.get(ctx, p.requests[i].target)
		}
	}
	return replies
}

// get answers a GET of a Bundle.
func (s *Snapshot) get(ctx context.Context, to target) reply {
	if to.isQuery {
		typ := ""
		if to.typ != 0 {
			typ = to.typ.String()
		}
		page, err := s.Search(ctx, typ, to.query, InCompartment(to.in))
		if err != nil {
			return reply{status: Status(err), err: err}
		}
		return reply{status: http.StatusOK, resource: page.Bundle(s.store.options.BaseURL)}
	}
	ref := Ref{Type: to.typ.String(), ID: to.id}
	var v Version
	var err error
	if to.version != "" {
		v, err = s.ReadVersion(ctx, ref, to.version)
	} else {
		v, err = s.Read(ctx, ref)
	}
	return reply{status: Status(err), version: v, resource: v.JSON, err: err}
}
