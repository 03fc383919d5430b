package bundle

import (
	"context"
	"slices"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// findDrafted returns the entries of the draft that match the conditions of criteria
// that look at one resource.
func (p *transaction) findDrafted(ctx context.Context, c *criterion) ([]int, error) {
	if found, ok := p.draftFound[c]; ok {
		return found, nil
	}
	places, err := p.draft.Matches(ctx, c.own)
	if err != nil {
		return nil, err
	}
	found := make([]int, len(places))
	for i, at := range places {
		found[i] = p.drafted[at]
	}
	p.draftFound[c] = found
	return found, nil
}

// writesOf reports whether entries other than i write a type that criteria look at.
func (p *transaction) writesOf(c *criterion, i int) bool { return p.writesAny(c.footprint.Types, i) }

// writesAny reports whether entries other than i write one of some types, nil for all.
func (p *transaction) writesAny(types []schema.TypeID, i int) bool {
	own := func(t schema.TypeID) int {
		if i >= 0 && p.entries[i].writes && p.requests[i].target.Type == t {
			return 1
		}
		return 0
	}
	if types == nil {
		for t, n := range p.typesWritten() {
			if n > own(t) {
				return true
			}
		}
	}
	for _, t := range types {
		if p.typesWritten()[t] > own(t) {
			return true
		}
	}
	return false
}

// undecidable reports whether criteria that look at several resources may have other
// matches once the entries other than i are written: one of them writes a type to which
// a chain leads, or a resource that the other conditions match.
func (p *transaction) undecidable(ctx context.Context, c *criterion, i int) (bool, error) {
	if c.footprint.Types == nil || len(c.footprint.Joined) > 0 {
		if joined := c.footprint.Joined; p.writesAny(joined, i) {
			return true, nil
		}
	}
	drafted, err := p.findDrafted(ctx, c)
	return slices.ContainsFunc(drafted, func(j int) bool {
		other := p.entries[j].criterion
		return j != i && p.entries[j].writes && (other == nil || other.same != c.same || i < 0)
	}), err
}

// typesWritten returns how many entries write each type.
func (p *transaction) typesWritten() map[schema.TypeID]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.types == nil {
		p.mu.types = map[schema.TypeID]int{}
		for k := range p.written {
			p.mu.types[k.typ]++
		}
	}
	return p.mu.types
}

// conditions calls yield with the criteria of entries, except deletions, and of
// references, and with the entry, -1 for a reference.
func (p *transaction) conditions(yield func(c *criterion, i int) bool) {
	for i := range p.entries {
		if c := p.entries[i].criterion; c != nil && p.requests[i].method != "DELETE" && !yield(c, i) {
			return
		}
	}
	for _, l := range p.mu.conditional {
		if l.criterion != nil && !yield(l.criterion, -1) {
			return
		}
	}
}

// interdependent reports whether the resource of an entry may match the condition of
// another.
func (p *transaction) interdependent() bool {
	for c, i := range p.conditions {
		if p.writesOf(c, i) {
			return true
		}
	}
	return false
}

// toDraft returns the entries that write types of conditions.
func (p *transaction) toDraft() []int {
	wanted := map[schema.TypeID]bool{}
	for c := range p.conditions {
		for _, t := range c.footprint.Types {
			wanted[t] = true
		}
	}
	var list []int
	for i := range p.entries {
		if p.entries[i].writes && p.requests[i].method != "DELETE" && wanted[p.requests[i].target.Type] {
			list = append(list, i)
		}
	}
	return list
}

// makeDraft makes the draft of the prepared resources.
func (p *transaction) makeDraft() (err error) {
	p.drafted = p.toDraft()
	p.draftFound = map[*criterion][]int{}
	resources := make([]*engine.Prepared, len(p.drafted))
	for n, i := range p.drafted {
		resources[n] = p.entries[i].op.Prepared
	}
	p.draft, err = p.state.Draft(resources)
	return err
}

// stale returns the entries whose resource must be prepared, for the first time or
// again because a link of it has changed.
func (p *transaction) stale() (list []int) {
	for i := range p.entries {
		e := &p.entries[i]
		if !e.writes || p.requests[i].method == "DELETE" {
			continue
		}
		old := e.op.Prepared == nil || e.preparedAs != e.id ||
			slices.ContainsFunc(e.used, func(u use) bool { return u.to != u.link.to })
		if old {
			list = append(list, i)
		}
	}
	return list
}

// refuseUndecidable refuses criteria for entry i that are undecidable.
func (p *transaction) refuseUndecidable(ctx context.Context, c *criterion, i int) error {
	open, err := p.undecidable(ctx, c, i)
	if err == nil && open {
		err = engine.Failf(engine.ErrPreconditionFailed, issue.NotSupported,
			"the criteria look at more than one resource, and other entries write some of them: whether they match cannot be decided")
	}
	return err
}

// refuseOverlap refuses a transaction in which an entry writes a match of a condition
// that was decided before it.
func (p *transaction) refuseOverlap(ctx context.Context) error {
	for i := range p.entries {
		e := &p.entries[i]
		if e.criterion == nil || p.requests[i].method == "DELETE" {
			continue
		}
		if !e.criterion.footprint.Alone {
			if err := p.refuseUndecidable(ctx, e.criterion, i); err != nil {
				return p.at(i, err)
			}
			continue
		}
		drafted, err := p.findDrafted(ctx, e.criterion)
		if err != nil {
			return p.at(i, err)
		}
		for _, j := range drafted {
			if j != i && j != e.same && p.entries[j].writes {
				return p.at(i, engine.Failf(engine.ErrPreconditionFailed, issue.MultipleMatches, "another entry writes what matches the condition as well"))
			}
		}
	}
	return nil
}
