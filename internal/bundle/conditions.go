package bundle

import (
	"context"
	"slices"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
)

// rounds is how often conditions are decided again before they count as depending on
// one another.
const rounds = 8

// settle decides the conditions and prepares the resources.
//
// The resource of an entry may depend on the matches of other entries, and their
// matches on the resource. So conditions are first decided by the state alone, and
// resources are prepared accordingly. Conditions on types that are written are then
// decided again with a draft of the resources, until nothing changes.
func (p *transaction) settle(ctx context.Context) error {
	for range rounds {
		if err := p.decideAll(ctx); err != nil {
			return err
		}
		if err := p.resolveReferences(ctx); err != nil {
			return err
		}
		stale := p.stale()
		if p.draft != nil && len(stale) == 0 && slices.Equal(p.drafted, p.toDraft()) {
			return p.refuseOverlap(ctx)
		}
		if err := p.prepare(ctx, stale); err != nil {
			return err
		}
		if !p.interdependent() {
			return nil
		}
		if err := p.makeDraft(); err != nil {
			return err
		}
	}
	return engine.Failf(engine.ErrPreconditionFailed, issue.Conflict, "the conditions of the entries depend on one another")
}

// decideAll decides on the resource of each conditional entry: deletions first, then
// updates, then creates.
func (p *transaction) decideAll(ctx context.Context) error {
	p.written = map[key]int{}
	p.creates = map[string]int{}
	for i := range p.entries {
		e := &p.entries[i]
		if p.requests[i].conditional() {
			e.decided, e.same, e.writes, e.id, e.reply = no, -1, false, "", reply{}
		} else if e.writes {
			p.written[key{p.requests[i].target.Type, e.id}] = i
		}
	}
	for _, method := range []string{"DELETE", "PUT", "PATCH", "POST"} {
		for i := range p.entries {
			if p.requests[i].conditional() && p.requests[i].method == method {
				if err := p.decide(ctx, i); err != nil {
					return err
				}
			}
		}
	}
	p.mu.types = nil
	return nil
}

// decided is the progress of the decision about an entry.
type decided uint8

const (
	no decided = iota
	deciding
	yes
)

// decide decides the condition of an entry, after the conditions of entries that its
// placeholders name.
func (p *transaction) decide(ctx context.Context, i int) error {
	r, e := &p.requests[i], &p.entries[i]
	if !r.conditional() || e.decided == yes {
		return nil
	}
	if e.decided == deciding {
		return p.at(i, engine.Failf(engine.ErrInvalid, issue.Value, "the criteria of entries refer to one another"))
	}
	e.decided = deciding
	var needed error // which has its place
	text, err := p.resolved(r.target.Type, r.criteria, func(j int) error {
		needed = p.decide(ctx, j)
		return needed
	})
	switch {
	case needed != nil:
		return needed
	case err != nil:
		return p.at(i, err)
	}
	if e.criterion, err = p.criterion(r.target.Type, text); err != nil {
		return p.at(i, err)
	}
	base, others, err := p.match(ctx, e.criterion, i)
	if err != nil {
		return p.at(i, err)
	}
	if n := len(base) + len(others); n > 1 {
		return p.at(i, engine.Several(n))
	}
	e.base = 0
	if len(base) == 1 {
		e.base = base[0].Ordinal
	}
	if err := p.outcome(ctx, i, base, others); err != nil {
		return p.at(i, err)
	}
	e.decided = yes
	return nil
}

// outcome sets the resource and the operation of an entry by the matches of its
// condition.
func (p *transaction) outcome(ctx context.Context, i int, base []engine.Version, others []int) (err error) {
	r, e := &p.requests[i], &p.entries[i]
	e.op.Condition = r.condition
	alike, twice := p.creates[e.criterion.same]
	switch {
	case len(base) == 1:
		e.id = base[0].ID
		if r.method == "POST" {
			e.reply = reply{status: 200, version: base[0]}
		}
	case r.method == "DELETE":
		e.reply = reply{status: 204}
	case len(others) == 1:
		e.same = others[0]
	case twice:
		e.same = alike
	case r.method == "PATCH":
		err = engine.Failf(engine.ErrNotFound, issue.NotFound, "the criteria find nothing to patch")
	case r.method == "PUT":
		if e.id = ownID(r.resource); e.id == "" {
			e.id, err = p.newID(ctx, e)
		}
		e.op.MustNot = true // what has this id is not what the query looked for
	default:
		e.id, err = p.newID(ctx, e)
		e.op.MustNot = true
	}
	if err != nil {
		return err
	}
	if e.same >= 0 {
		if r.updates() {
			return errTwice
		}
		e.id = p.entries[e.same].id
	}
	if !twice {
		p.creates[e.criterion.same] = i
	} else if r.updates() {
		return errTwice
	}
	if l := p.links[r.fullURL]; l != nil {
		l.to = ""
		if e.id != "" {
			l.to = r.target.Type.String() + "/" + e.id
		}
	}
	if e.writes = e.id != "" && e.reply.status == 0 && e.same < 0; e.writes {
		return p.claim(i)
	}
	return nil
}

var errTwice = engine.Failf(engine.ErrInvalid, issue.Duplicate, "two entries write the same resource")

// claim notes that an entry writes its resource, which no other entry may.
func (p *transaction) claim(i int) error {
	k := key{p.requests[i].target.Type, p.entries[i].id}
	if _, taken := p.written[k]; taken {
		return errTwice
	}
	p.written[k] = i
	return nil
}

// newID returns the id that the entry's resource gets if it is created.
func (p *transaction) newID(ctx context.Context, e *task) (string, error) {
	if e.newID == "" {
		var err error
		if e.newID, err = p.engine.NewID(ctx); err != nil {
			return "", err
		}
	}
	return e.newID, nil
}

// before reports whether the condition of entry i counts the resource of entry j.
func (p *transaction) before(j, i int) bool {
	rank := func(i int) int {
		switch {
		case i < 0:
			return 4 // a conditional reference counts all
		case !p.requests[i].conditional():
			return 1
		case p.requests[i].updates():
			return 2
		}
		return 3
	}
	a, b := rank(j), rank(i)
	return a < b || a == b && j < i
}

// match returns the matches of criteria for entry i, -1 for a conditional reference:
// versions of the state that no other entry writes, and entries that write a match.
func (p *transaction) match(ctx context.Context, c *criterion, i int) (base []engine.Version, others []int, err error) {
	found, err := p.ask(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	if i >= 0 && p.requests[i].method == "DELETE" {
		return found, nil, nil
	}
	for _, v := range found {
		j, written := p.written[key{v.Type, v.ID}]
		switch {
		case !written || j == i:
			base = append(base, v)
		case p.draft == nil && p.requests[j].method != "DELETE" && p.before(j, i):
			others = append(others, j) // until the draft tells
		}
	}
	if p.draft == nil {
		return base, others, nil
	}
	if !c.footprint.Alone {
		if i < 0 {
			err = p.refuseUndecidable(ctx, c, i)
		}
		return base, nil, err // refuseOverlap looks at those of entries
	}
	drafted, err := p.findDrafted(ctx, c)
	for _, j := range drafted {
		if j != i && p.entries[j].writes && p.before(j, i) {
			others = append(others, j)
		}
	}
	return base, others, err
}
