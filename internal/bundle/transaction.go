package bundle

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"golang.org/x/sync/errgroup"
)

// A transaction is a transaction while it is worked out.
type transaction struct {
	*doing
	state    *engine.Hold // what conditions are asked of
	requests []request
	first    int // the place of the first in the Bundle
	entries  []task
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

// A task is the outcome of one request so far: an operation, or a reply at once.
type task struct {
	id      string // of the resource that the entry is about
	newID   string // that the resource gets if it is created
	writes  bool
	op      engine.Op
	reply   reply
	decided decided
	// criterion is the criteria of a conditional entry, and base their matches in the
	// state.
	criterion *criterion
	base      index.Ordinal
	// same is the entry that writes the resource that this entry would have created, or
	// -1.
	same int
	// preparedAs is the id under which the resource was prepared, used are its links.
	preparedAs string
	// patchedFrom is the number of the version that a patch was applied to.
	patchedFrom uint64
	used        []use
}

// A key names a resource.
type key struct {
	typ schema.TypeID
	id  string
}

func newTransaction(d *doing, state *engine.Hold, requests []request, first int) *transaction {
	p := &transaction{doing: d, state: state, requests: requests, first: first, entries: make([]task, len(requests)), links: map[string]*link{}}
	p.mu.criteria, p.mu.asked, p.mu.conditional = map[string]*criterion{}, map[*criterion]bool{}, map[string]*link{}
	for i := range requests {
		p.entries[i].same = -1
		if url := requests[i].fullURL; url != "" && requests[i].method != "GET" {
			p.links[url] = &link{entry: i}
		}
	}
	return p
}

// assign gives ids to the entries without a condition, and to entries that will
// probably create a resource: ids are given in the order of the Bundle.
func (p *transaction) assign(ctx context.Context) error {
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

// probablyCreates reports whether a condition finds nothing in the state. Errors are
// reported when the condition is decided.
func (p *transaction) probablyCreates(r *request, alike map[string]bool) bool {
	if r.method == "DELETE" || r.method == "PATCH" || r.method == "PUT" && ownID(r.resource) != "" {
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
func (p *transaction) prepare(ctx context.Context, wanted []int) error {
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
				return p.at(wanted[n], p.inResource(err))
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

// expectations returns the matches of the conditions as expectations of the commit.
func (p *transaction) expectations() (list []engine.Expectation) {
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

// placed gives the error of a commit the place of its entry, if the commit has only
// one.
func (p *transaction) placed(err error, from []int) error {
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
func (e *task) written(v engine.Version) {
	e.reply = reply{status: 200, version: v}
	switch {
	case v.Deleted || v.Number == 0:
		e.reply.status = 204
	case v.Created:
		e.reply.status = 201
	}
}

// at puts the place of an entry before those of an error.
func (p *transaction) at(i int, err error) error {
	if p.alone {
		return err
	}
	return at(p.first+i, err)
}
