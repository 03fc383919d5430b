package bundle

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"golang.org/x/sync/errgroup"
)

// Get answers a GET of a Bundle as of a view: a resource, or a Bundle of matches. Of a
// read it says which version it is.
type Get func(ctx context.Context, now *engine.Hold, to Target) (resource []byte, version engine.Version, err error)

// tries is how often a transaction whose conditions by search were overtaken by others
// is worked out again before it is ErrConflict.
const tries = 16

// Do carries out a Bundle of type batch or transaction and returns the response Bundle
// (FHIR R4 §3.1.0.11). Resources are checked as check says.
func Do(ctx context.Context, e *engine.Engine, src []byte, check engine.Check, get Get) ([]byte, error) {
	if limit := e.Options().MaxResourceSize; len(src) > limit {
		return nil, engine.Failf(engine.ErrInvalid, issue.TooLong, "the Bundle is longer than the limit of %d bytes", limit)
	}
	b, err := parseBundle(src)
	if err != nil {
		return nil, err
	}
	d := doing{engine: e, check: check, get: get}
	requests := make([]request, len(b.Entry))
	bad := make([]error, len(b.Entry))
	for i := range b.Entry {
		if requests[i], bad[i] = parseRequest(&b.Entry[i]); bad[i] != nil {
			bad[i] = engine.At(fmt.Sprintf("/entry/%d", i), bad[i])
			if b.Type == "transaction" {
				return nil, bad[i]
			}
		}
	}
	if b.Type == "batch" {
		return appendReplies(nil, b.Type, d.batch(ctx, requests, bad)), ctx.Err()
	}
	replies, err := d.transaction(ctx, requests)
	if err != nil {
		return nil, err
	}
	return appendReplies(nil, b.Type, replies), nil
}

// doing is a Bundle while it is carried out.
type doing struct {
	engine *engine.Engine
	check  engine.Check
	get    Get
}

// batch carries out requests one by one, each as a transaction of its own.
func (d *doing) batch(ctx context.Context, requests []request, bad []error) []reply {
	replies := make([]reply, len(requests))
	for i := range requests {
		err := bad[i]
		if err == nil {
			var one []reply
			if one, err = d.transaction(ctx, requests[i:i+1]); err == nil {
				replies[i] = one[0]
			}
		}
		if err != nil {
			replies[i] = reply{status: engine.Status(err), err: err}
		}
	}
	return replies
}

// transaction carries out requests as one commit.
func (d *doing) transaction(ctx context.Context, requests []request) ([]reply, error) {
	for range tries {
		replies, err := d.try(ctx, requests)
		if !errors.Is(err, engine.ErrOvertaken) {
			return replies, err
		}
	}
	return nil, engine.ErrConflict
}

// methodOrder is the order in which a transaction's requests are carried out.
var methodOrder = []string{"DELETE", "POST", "PUT"}

// try carries out requests as one commit. It reports ErrOvertaken if what their
// conditions found has changed since.
func (d *doing) try(ctx context.Context, requests []request) ([]reply, error) {
	p := plan{doing: d, requests: requests, entries: make([]planned, len(requests)), links: map[string]string{}, creates: map[string]*planned{}}
	if err := p.assign(ctx); err != nil {
		return nil, err
	}
	if err := p.prepare(ctx); err != nil {
		return nil, err
	}
	c := engine.Commit{Expects: p.expects}
	var from []int // the request of each operation
	for _, method := range methodOrder {
		for i := range requests {
			if e := &p.entries[i]; requests[i].method == method && e.op.Prepared != nil {
				c.Ops = append(c.Ops, e.op)
				from = append(from, i)
			}
		}
	}
	var versions []engine.Version
	if len(c.Ops) > 0 || len(c.Expects) > 0 {
		var err error
		if versions, err = d.engine.Commit(ctx, &c); err != nil {
			return nil, err
		}
	}
	for n, i := range from {
		v := versions[n]
		p.entries[i].reply = reply{status: 200, version: v}
		switch {
		case v.Deleted || v.Number == 0:
			p.entries[i].reply.status = 204
		case v.Created:
			p.entries[i].reply.status = 201
		}
	}
	return p.replies(ctx)
}

// A plan is a transaction while it is worked out.
type plan struct {
	*doing
	requests []request
	entries  []planned
	links    map[string]string   // fullUrl → Type/id; fixed once prepare begins
	creates  map[string]*planned // Type?ifNoneExist → the entry that creates it

	mu struct {
		sync.Mutex
		conditional map[string]string // Type?query → Type/id
	}
	expects []engine.Expectation // guarded by mu while resources are prepared
}

// planned is what one request becomes: an operation, or a reply at once.
type planned struct {
	id    string    // of the resource to be written
	op    engine.Op // Prepared is nil where nothing is to be written
	reply reply
	// same is an earlier entry that creates, under the same ifNoneExist, what this
	// one would have created.
	same *planned
}

// A key names a resource.
type key struct {
	typ schema.TypeID
	id  string
}

// assign decides which resource each request is about, and under which name the
// others refer to it. Conditions by search are asked here, and again by the
// writer.
func (p *plan) assign(ctx context.Context) error {
	taken := map[key]bool{}
	for i := range p.requests {
		r, e := &p.requests[i], &p.entries[i]
		if r.method == "GET" {
			continue
		}
		if err := p.assignOne(ctx, r, e); err != nil {
			return engine.At(fmt.Sprintf("/entry/%d", i), err)
		}
		if e.id == "" {
			continue
		}
		if r.fullURL != "" {
			p.links[r.fullURL] = r.target.Type.String() + "/" + e.id
		}
		if e.reply.status != 0 || e.same != nil {
			continue // nothing is written
		}
		k := key{r.target.Type, e.id}
		if taken[k] {
			return engine.At(fmt.Sprintf("/entry/%d", i), engine.Failf(engine.ErrInvalid, issue.Duplicate, "two entries write the same resource"))
		}
		taken[k] = true
	}
	return nil
}

func (p *plan) assignOne(ctx context.Context, r *request, e *planned) error {
	e.id = r.target.ID
	e.op.Condition = r.condition
	query := r.ifNoneExist
	if r.method != "POST" {
		query = r.target.Query
	}
	var found engine.Version
	if query != "" {
		x, err := p.engine.Expect(ctx, r.target.Type, query)
		if err != nil {
			return err
		}
		p.expects = append(p.expects, x)
		if x.Found != 0 {
			if found, err = p.engine.Current(x.Found); err != nil {
				return err
			}
			e.id = found.ID
		}
	}
	switch r.method {
	case "POST":
		if found.ID != "" {
			e.reply = reply{status: 200, version: found}
			return nil
		}
		if query != "" {
			what := r.target.Type.String() + "?" + query
			if e.same = p.creates[what]; e.same != nil {
				e.id = e.same.id
				return nil
			}
			p.creates[what] = e
		}
		e.op.MustNot, e.op.Interaction = true, engine.Create
		var err error
		e.id, err = p.engine.NewID(ctx)
		return err
	case "PUT":
		if e.id == "" {
			if e.id = ownID(r.resource); e.id == "" {
				var err error
				if e.id, err = p.engine.NewID(ctx); err != nil {
					return err
				}
			}
			e.op.MustNot = true // what has this id is not what the query looked for
		}
	case "DELETE":
		if e.id == "" {
			e.reply = reply{status: 204}
			return nil
		}
		e.op.SkipAbsent = true
		e.op.Prepared = engine.PrepareDeletion(r.target.Type, e.id)
	}
	return nil
}

// prepare rewrites and prepares the resources, with as many goroutines as there are
// cores: each grows its stack once.
func (p *plan) prepare(ctx context.Context) error {
	var wanted []int
	for i := range p.requests {
		r, e := &p.requests[i], &p.entries[i]
		if e.reply.status == 0 && e.same == nil && (r.method == "POST" || r.method == "PUT") {
			wanted = append(wanted, i)
		}
	}
	var next atomic.Int64
	work := func(ctx context.Context) error {
		for n := next.Add(1) - 1; int(n) < len(wanted); n = next.Add(1) - 1 {
			i := wanted[n]
			var err error
			if p.entries[i].op.Prepared, err = p.prepareOne(ctx, &p.requests[i], p.entries[i].id); err != nil {
				return engine.At(fmt.Sprintf("/entry/%d/resource", i), err)
			}
		}
		return nil
	}
	workers := min(runtime.GOMAXPROCS(0), len(wanted))
	if workers < 2 {
		return work(ctx)
	}
	g, ctx := errgroup.WithContext(ctx)
	for range workers {
		g.Go(func() error { return work(ctx) })
	}
	return g.Wait()
}

// replies answers the requests in their order. GETs see what was written; one that
// fails says so in its own reply, since it changes nothing and all that does is
// done.
func (p *plan) replies(ctx context.Context) ([]reply, error) {
	now, err := p.engine.Hold()
	if err != nil {
		return nil, err
	}
	defer now.Release()
	replies := make([]reply, len(p.requests))
	for i := range p.requests {
		replies[i] = p.entries[i].reply
		if same := p.entries[i].same; same != nil {
			replies[i] = reply{status: 200, version: same.reply.version}
		}
		if p.requests[i].method == "GET" {
			resource, version, err := p.get(ctx, now, p.requests[i].target)
			replies[i] = reply{status: engine.Status(err), version: version, resource: resource, err: err}
		}
	}
	return replies, nil
}
