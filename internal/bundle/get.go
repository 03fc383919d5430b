package bundle

import (
	"context"
	"slices"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/issue"
)

// Get answers a GET of a Bundle as of a view: a resource, or a Bundle of matches of
// about room bytes at most. For a read it also returns the version. base is the address
// at which links begin.
type Get func(ctx context.Context, now engine.View, to Target, base string, room int) (resource []byte, version engine.Version, err error)

// rehearse carries out the GETs of a transaction on the state that its writes are about
// to change: a GET that fails makes the transaction fail (FHIR R4 §3.1.0.11.2). It
// assumes the resources that the transaction itself writes. It returns the resources
// that must still exist when the transaction is written.
//
// A search may cost half as much as afterwards, so that none fails then.
func (p *transaction) rehearse() (needs []engine.Need, err error) {
	ctx, room := exec.WithCostLimit(p.forGets, p.cost/2), p.room
	for i := range p.requests {
		r := &p.requests[i]
		if r.method != "GET" {
			continue
		}
		to, err := p.target(r)
		if err != nil {
			return nil, p.at(i, err)
		}
		if p.batch {
			continue // it is answered once
		}
		if j, written := p.written[key{to.Type, to.ID}]; written && !to.IsQuery && to.Version == "" {
			if p.requests[j].method == "DELETE" {
				return nil, p.at(i, engine.ErrGone)
			}
			continue
		}
		var resource []byte
		if to.Operation != "" {
			resource, _, err = p.operate(ctx, r, p.state.View)
		} else {
			resource, _, err = p.Get(ctx, p.state.View, to, p.base(), room)
		}
		if err != nil {
			return nil, p.at(i, err)
		}
		if room -= len(resource); room < 0 {
			return nil, p.at(i, errAnswerTooLong)
		}
		if !to.IsQuery && to.Version == "" && to.Operation == "" {
			needs = append(needs, engine.Need{Type: to.Type, ID: to.ID})
		}
	}
	return needs, nil
}

var errAnswerTooLong = engine.Failf(engine.ErrTooCostly, issue.TooCostly, "the answers to the entries before leave no room for this one: ask for less at once")

// target returns the target of a GET, with the placeholders in its query resolved.
func (p *transaction) target(r *request) (to Target, err error) {
	to = r.target
	if to.IsQuery && to.Type != 0 {
		to.Query, err = p.resolved(to.Type, to.Query, func(int) error { return nil })
	}
	return to, err
}

// replies answers the requests in their order. GETs see the state right after the
// commit.
func (p *transaction) replies(ctx context.Context, then engine.View) ([]reply, error) {
	replies := make([]reply, len(p.requests))
	for i := range p.requests {
		r, e := &p.requests[i], &p.entries[i]
		replies[i] = e.reply
		if e.same >= 0 {
			replies[i] = reply{status: 200, version: p.entries[e.same].reply.version}
		}
		if r.method == "GET" {
			replies[i] = p.answer(r, then)
			if err := replies[i].err; err != nil && p.batch {
				if err = p.at(i, err); r.target.Operation == "" {
					return nil, err
				}
				replies[i].err = err // its status may be another than that of its class
			}
			continue
		}
		if p.Return == Representation {
			if err := p.represent(ctx, &replies[i], then, e.writes); err != nil {
				return nil, err
			}
		}
	}
	return replies, ctx.Err()
}

// represent gives the reply to a write its resource. The entry's own resource is no
// longer than the Bundle was; a found resource takes from the room for answers, and is
// left out without room.
func (p *transaction) represent(ctx context.Context, r *reply, then engine.View, brought bool) (err error) {
	v := &r.version
	if v.Number == 0 || v.Deleted {
		return nil
	}
	if shown, err := then.Shows(ctx, p.By, v.Ordinal); err != nil || !shown {
		return err
	}
	if brought || p.room > 0 {
		if r.resource, err = then.AppendJSON(nil, v.Ordinal); err != nil || brought {
			return err
		}
		p.room -= len(r.resource)
	}
	if p.room <= 0 {
		r.resource = nil
		v.Issues = append(slices.Clip(v.Issues), engine.Issue{
			Severity: issue.Information, Code: issue.TooCostly, Offset: -1,
			Diagnostics: "the answers to the entries before leave no room for the resource: read it by itself",
		})
	}
	return nil
}

// answer answers a GET.
func (p *transaction) answer(r *request, then engine.View) reply {
	if r.target.Operation != "" {
		return p.operated(r, then)
	}
	to, err := p.target(r)
	if err != nil {
		return reply{status: engine.Status(err), err: err}
	}
	resource, version, err := p.Get(p.forGets, then, to, p.base(), p.room)
	switch {
	case err != nil:
		return reply{status: engine.Status(err), err: err}
	case version.Number != 0 && r.seen.has(&version):
		return reply{status: 304, version: version}
	case p.batch && len(resource) > p.room && !to.IsQuery:
		return reply{status: engine.Status(errAnswerTooLong), err: errAnswerTooLong}
	}
	if r.head {
		return reply{status: 200, version: version}
	}
	p.room -= len(resource)
	return reply{status: 200, version: version, resource: resource}
}
