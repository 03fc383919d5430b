package bundle

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
	"golang.org/x/sync/errgroup"
)

// Options say how a Bundle is carried out.
type Options struct {
	Check engine.Check
	// Base is the address of the store that clients know, or "".
	Base string
	// Return is what the answers to writes have.
	Return Return
	// Get answers the GETs.
	Get Get
}

// tries is how often a transaction whose conditions by search were overtaken by others
// is worked out again before it is ErrConflict.
const tries = 16

// getShare is how many times as much as one search the GETs of a Bundle may cost
// together: about five seconds. Its conditions may cost as much as one search.
const getShare = 5

// Do carries out a Bundle of type batch or transaction and returns the response Bundle
// (FHIR R4 §3.1.0.11).
func Do(ctx context.Context, e *engine.Engine, src []byte, options Options) ([]byte, error) {
	if limit := e.Options().MaxResourceSize; len(src) > limit {
		return nil, engine.Failf(engine.ErrInvalid, issue.TooLong, "the Bundle is longer than the limit of %d bytes", limit)
	}
	b, err := parseBundle(ctx, src)
	if err != nil {
		return nil, err
	}
	d := doing{engine: e, Options: options, batch: b.kind == "batch", room: e.Options().MaxBundleAnswer}
	if d.cost = e.Options().MaxSearchCost; d.cost == 0 {
		d.cost = search.DefaultCostLimit
	}
	d.forConditions = search.WithBudget(ctx, d.cost)
	d.forGets = search.WithBudget(ctx, getShare*d.cost)
	requests := make([]request, len(b.entries))
	bad := make([]error, len(b.entries))
	for i := range b.entries {
		if requests[i], bad[i] = parseRequest(&b.entries[i], d.base()); bad[i] == nil {
			bad[i] = b.bad[i]
		} else if bad[i] = at(i, bad[i]); !d.batch {
			return nil, bad[i]
		}
	}
	var replies []reply
	if d.batch {
		replies, err = d.doBatch(ctx, requests, bad), ctx.Err()
	} else {
		replies, err = d.transaction(ctx, requests, 0)
	}
	if err != nil {
		return nil, err
	}
	return appendReplies(nil, b.kind, d.Return, replies), nil
}

// at puts the place of an entry before those of an error. One that has none gets it.
func at(i int, err error) error {
	place := fmt.Sprintf("/entry/%d", i)
	var data *engine.Error
	if errors.As(err, &data) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return engine.At(place, err)
	}
	placed := &engine.Error{Class: err, Issues: engine.Issues(err)}
	placed.Issues[0].Pointer = place
	return placed
}

// at puts the place of an entry of the plan before those of an error.
func (p *plan) at(i int, err error) error { return at(p.first+i, err) }

// doing is a Bundle while it is carried out.
type doing struct {
	Options
	engine *engine.Engine
	batch  bool
	// strangers are the fullUrls of what the entries of a batch create.
	strangers map[string]bool
	cost      int // of one search, in ordinals and texts looked at
	room      int // bytes that the answers to GETs may still have
	// The contexts of conditions and of GETs, each with what they may cost.
	forConditions, forGets context.Context
}

// base returns the store's own address.
func (d *doing) base() string {
	if d.Base != "" {
		return d.Base
	}
	return d.engine.Options().BaseURL
}

// doBatch carries out requests one by one, each as a transaction of its own.
func (d *doing) doBatch(ctx context.Context, requests []request, bad []error) []reply {
	d.strangers = fullURLs(requests)
	replies := make([]reply, len(requests))
	for i := range requests {
		err := bad[i]
		if err == nil && ctx.Err() != nil {
			err = ctx.Err()
		}
		if err == nil {
			var one []reply
			if one, err = d.transaction(ctx, requests[i:i+1], i); err == nil {
				replies[i] = one[0]
			}
		}
		if err != nil {
			replies[i] = reply{status: engine.Status(err), err: err}
		}
	}
	return replies
}

// fullURLs returns the addresses of the entries that are created: in a batch no other
// entry can refer to them.
func fullURLs(requests []request) map[string]bool {
	urls := map[string]bool{}
	for i := range requests {
		if r := &requests[i]; r.fullURL != "" && r.method == "POST" {
			urls[r.fullURL] = true
		}
	}
	return urls
}

// transaction carries out requests as one commit. first is the place of the first of
// them in the Bundle.
func (d *doing) transaction(ctx context.Context, requests []request, first int) ([]reply, error) {
	for range tries {
		replies, err := d.try(ctx, requests, first)
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
func (d *doing) try(ctx context.Context, requests []request, first int) ([]reply, error) {
	state, err := d.engine.Hold()
	if err != nil {
		return nil, err
	}
	defer state.Release()
	p := newPlan(d, state, requests, first)
	if err := p.assign(ctx); err != nil {
		return nil, err
	}
	if err := p.settle(d.forConditions); err != nil {
		return nil, err
	}
	c := engine.Commit{Expects: p.expectations()}
	if c.Needs, err = p.rehearse(); err != nil {
		return nil, err
	}
	var from []int // the request of each operation
	for _, method := range methodOrder {
		for i := range requests {
			if e := &p.entries[i]; e.writes && requests[i].method == method {
				c.Ops = append(c.Ops, e.op)
				from = append(from, i)
			}
		}
	}
	then := state.View
	if len(c.Ops) > 0 || len(c.Expects) > 0 {
		versions, err := d.engine.Commit(ctx, &c)
		if err != nil {
			return nil, p.placed(err, from)
		}
		for n, i := range from {
			p.entries[i].written(versions[n])
			if v := &versions[n]; v.Sequence != 0 {
				then = d.engine.Then(v.Sequence)
			}
		}
	}
	return p.replies(ctx, then)
}

// A plan is a transaction while it is worked out.
type plan struct {
	*doing
	state    *engine.Hold // what conditions are asked of
	requests []request
	first    int // the place of the first in the Bundle
	entries  []planned
	links    map[string]*link // by fullUrl

	written map[key]int    // the entry that writes each resource
	creates map[string]int // by conditions, the first entry that has them

	draft      *engine.Draft
	drafted    []int // the entries in the draft
	draftFound map[*criterion][]int
	round      int

	mu struct {
		sync.Mutex
		criteria    map[string]*criterion // by Type?query
		asked       map[*criterion]bool
		conditional map[string]*link // by Type?query
		types       map[schema.TypeID]int
	}
}

// planned is what one request becomes: an operation, or a reply at once.
type planned struct {
	id      string // of the resource that the entry is about
	newID   string // that the resource gets if it is created
	writes  bool
	op      engine.Op
	reply   reply
	decided decided
	// criterion is that of a conditional entry, base what it found in the state.
	criterion *criterion
	base      index.Ordinal
	// same is the entry that writes what this one would have created, or -1.
	same int
	// preparedAs is the id under which the resource was prepared, used are its links.
	preparedAs string
	used       []use
}

// A key names a resource.
type key struct {
	typ schema.TypeID
	id  string
}

func newPlan(d *doing, state *engine.Hold, requests []request, first int) *plan {
	p := &plan{doing: d, state: state, requests: requests, first: first, entries: make([]planned, len(requests)), links: map[string]*link{}}
	p.mu.criteria, p.mu.asked, p.mu.conditional = map[string]*criterion{}, map[*criterion]bool{}, map[string]*link{}
	for i := range requests {
		p.entries[i].same = -1
		if url := requests[i].fullURL; url != "" && requests[i].method != "GET" {
			p.links[url] = &link{entry: i}
		}
	}
	return p
}

// assign gives the entries without a condition their ids, and those that will probably
// create something the one that it will get: ids are given in the order of the Bundle.
func (p *plan) assign(ctx context.Context) error {
	p.written = map[key]int{}
	alike := map[string]bool{}
	for i := range p.requests {
		r, e := &p.requests[i], &p.entries[i]
		if r.conditional() && p.probablyCreates(r, alike) {
			if _, err := p.newID(ctx, e); err != nil {
				return p.at(i, err)
			}
		}
		if r.method == "GET" || r.conditional() {
			continue
		}
		e.id, e.op.Condition, e.writes = r.target.ID, r.condition, true
		if r.method == "POST" {
			e.op.MustNot = true
			var err error
			if e.id, err = p.newID(ctx, e); err != nil {
				return p.at(i, err)
			}
		}
		if l := p.links[r.fullURL]; l != nil {
			l.to = r.target.Type.String() + "/" + e.id
		}
		if err := p.claim(i); err != nil {
			return p.at(i, err)
		}
	}
	return nil
}

// probablyCreates reports whether nothing is there that a condition would find. What is
// wrong with it is said when it is decided.
func (p *plan) probablyCreates(r *request, alike map[string]bool) bool {
	if r.method == "DELETE" || r.method == "PUT" && ownID(r.resource) != "" {
		return false
	}
	c, err := p.criterion(r.target.Type, r.criteria)
	if err != nil || alike[c.same] {
		return false
	}
	alike[c.same] = true
	found, err := p.ask(p.forConditions, c)
	return err == nil && len(found) == 0
}

// prepare rewrites and prepares the resources of entries, with as many goroutines as
// there are cores: each grows its stack once.
func (p *plan) prepare(ctx context.Context, wanted []int) error {
	for i := range p.entries {
		if e, r := &p.entries[i], &p.requests[i]; e.writes && r.method == "DELETE" && (e.op.Prepared == nil || e.preparedAs != e.id) {
			e.op.SkipAbsent, e.preparedAs = true, e.id
			e.op.Prepared = engine.PrepareDeletion(r.target.Type, e.id)
		} else if r.method == "POST" {
			e.op.Interaction = engine.Create
		}
	}
	p.mu.types = nil
	var next atomic.Int64
	work := func(ctx context.Context) error {
		for n := next.Add(1) - 1; int(n) < len(wanted); n = next.Add(1) - 1 {
			if err := p.prepareOne(ctx, wanted[n]); err != nil {
				return p.at(wanted[n], engine.At("/resource", err))
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

// expectations returns what the conditions have found: the commit rests on it.
func (p *plan) expectations() (list []engine.Expectation) {
	except := func(i int) func(t schema.TypeID, id string) bool {
		return func(t schema.TypeID, id string) bool {
			j, written := p.written[key{t, id}]
			return written && j != i
		}
	}
	for i := range p.entries {
		e := &p.entries[i]
		if e.criterion == nil {
			continue
		}
		others := except(i)
		if p.requests[i].method == "DELETE" {
			others = nil
		}
		list = append(list, p.state.Expect(e.criterion.Criterion, e.base, others))
	}
	for _, l := range p.mu.conditional {
		if l.criterion != nil {
			list = append(list, p.state.Expect(l.criterion.Criterion, l.base, except(-1)))
		}
	}
	return list
}

// placed gives the error of a commit the place of the one entry that it is about, where
// there is only one.
func (p *plan) placed(err error, from []int) error {
	if len(from) != 1 || errors.Is(err, engine.ErrOvertaken) {
		return err
	}
	var data *engine.Error
	if !errors.As(err, &data) {
		return err
	}
	return p.at(from[0], err)
}

// written notes what became of the entry's operation.
func (e *planned) written(v engine.Version) {
	e.reply = reply{status: 200, version: v}
	switch {
	case v.Deleted || v.Number == 0:
		e.reply.status = 204
	case v.Created:
		e.reply.status = 201
	}
}
