package bundle

import (
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// Options say how a Bundle is carried out.
type Options struct {
	Check engine.Check
	// Base is the address of the store that clients know, or "".
	Base string
	// Return selects the content of the answers to writes.
	Return Return
	// Get answers the GETs.
	Get Get
	// By is who asks. A nil Access permits everything.
	By *engine.Access
}

// tries is how often a transaction whose conditions by search were overtaken is worked
// out again before it is ErrConflict.
const tries = 16

// getShare is the cost limit of all GETs of a Bundle together, in limits of one search:
// about five seconds. Its conditions together may cost as much as one search.
const getShare = 5

// Do carries out a Bundle of type batch or transaction and returns the response Bundle
// (FHIR R4 §3.1.0.11).
func Do(ctx context.Context, e *engine.Engine, src []byte, options Options) ([]byte, error) {
	if limit := e.Options().MaxResourceSize; len(src) > limit {
		return nil, engine.Failf(engine.ErrInvalid, issue.TooLong, "the Bundle is longer than the limit of %d bytes", limit)
	}
	b, err := parseBundle(ctx, src, e.Options().MaxBundleEntries)
	if err != nil {
		return nil, err
	}
	d := newDoing(ctx, e, options)
	d.batch = b.kind == "batch"
	requests := make([]request, len(b.entries))
	bad := make([]error, len(b.entries))
	for i := range b.entries {
		if requests[i], bad[i] = parseRequest(&b.entries[i], d.base()); bad[i] == nil {
			if err := requests[i].checkIdentity(); err != nil {
				return nil, at(i, err)
			}
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

// at puts the place of an entry before the pointers of an error. An error without a
// place gets it.
func at(i int, err error) error {
	place := fmt.Sprintf("/entry/%d", i)
	var data *engine.Error
	if errors.As(err, &data) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return engine.At(place, err)
	}
	return engine.At(place, &engine.Error{Class: err, Issues: engine.Issues(err)})
}

// doing is a Bundle while it is carried out.
type doing struct {
	Options
	engine *engine.Engine
	batch  bool
	alone  bool // the one request stands in no Bundle
	// strangers are the fullUrls of resources that the entries of a batch create.
	strangers map[string]bool
	cost      int // of one search, in ordinals and texts looked at
	room      int // bytes that the answers to GETs may still have
	// The contexts of conditions and of GETs, each with its cost limit.
	forConditions, forGets context.Context
}

func newDoing(ctx context.Context, e *engine.Engine, options Options) *doing {
	d := &doing{engine: e, Options: options, room: e.Options().MaxBundleAnswer}
	if d.cost = e.Options().MaxSearchCost; d.cost == 0 {
		d.cost = search.DefaultCostLimit
	}
	d.forConditions = exec.WithBudget(ctx, d.cost)
	d.forGets = exec.WithBudget(ctx, getShare*d.cost)
	return d
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
var methodOrder = []string{"DELETE", "POST", "PUT", "PATCH"}

// hold returns the newest state as the caller may search it.
func (d *doing) hold() (*engine.Hold, error) {
	state, err := d.engine.Hold()
	if err == nil {
		state.View = d.By.Through(access.Search, state.View)
	}
	return state, err
}

// try carries out requests as one commit. It reports ErrOvertaken if what their
// conditions found has changed since.
func (d *doing) try(ctx context.Context, requests []request, first int) ([]reply, error) {
	state, err := d.hold()
	if err != nil {
		return nil, err
	}
	defer state.Release()
	p := newTransaction(d, state, requests, first)
	for i := range requests {
		if err := requests[i].permitted(d.By); err != nil {
			return nil, p.at(i, err)
		}
	}
	if err := p.assign(ctx); err != nil {
		return nil, err
	}
	if err := p.settle(d.forConditions); err != nil {
		return nil, err
	}
	c := engine.Commit{Expects: p.expectations(), By: d.By}
	if c.Needs, err = p.rehearse(); err != nil {
		return nil, err
	}
	var from []int // the request of each operation
	for _, method := range methodOrder {
		for i := range requests {
			if e := &p.entries[i]; e.writes && requests[i].method == method {
				if method == "PATCH" {
					e.op.Condition.IfMatch, e.op.Interaction = e.patchedFrom, engine.Patch
				}
				c.Ops = append(c.Ops, e.op)
				from = append(from, i)
			}
		}
	}
	then := state.View
	if len(c.Ops) > 0 || len(c.Expects) > 0 {
		versions, err := d.engine.Commit(ctx, &c)
		if err != nil {
			if p.patchesOvertaken(err) {
				err = engine.ErrOvertaken
			}
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
