package engine

import (
	"context"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/issue"
)

// permit reports why a commit is not permitted to who asks for it, or nil. What depends on
// the newest version of a resource becomes a condition of its operation, which the writer
// checks.
//
// A resource that the caller does not see is as if it were not there, but for one thing: no
// update takes its id.
func (e *Engine) permit(ctx context.Context, c *Commit) error {
	if c.By == nil {
		return nil
	}
	now, err := e.Hold()
	if err != nil {
		return err
	}
	defer now.Release()
	written := make(map[key]bool, len(c.Ops))
	for i := range c.Ops {
		op := &c.Ops[i]
		p := op.permission()
		if err := c.By.May(p, op.Type); err != nil {
			return err
		}
		k := key{op.Type, op.ID}
		// Of two operations on one resource, the second changes what the first has made.
		if op.Condition.based = !written[k] && p != access.Create; op.Condition.based {
			if err := now.permitOn(ctx, c.By, p, op); err != nil {
				return err
			}
		}
		written[k] = true
		if !op.Deletes() {
			if err := now.permitMade(ctx, c.By, p, op.Prepared); err != nil {
				return err
			}
		}
	}
	return nil
}

// permission returns the permission that an operation needs.
func (o *Op) permission() access.Permission {
	switch {
	case o.Deletes():
		return access.Delete
	case o.Interaction == Create:
		return access.Create
	}
	return access.Update
}

// permitOn reports why an update or a deletion of a resource as it is is not permitted.
func (v View) permitOn(ctx context.Context, a *Access, p access.Permission, op *Op) error {
	o, found := v.Find(op.Type, op.ID)
	op.Condition.base = o
	if found {
		if ok, err := v.Lets(ctx, a, p, o); ok || err != nil {
			return err
		}
		if shown, err := v.Shows(ctx, a, o); err != nil {
			return err
		} else if shown {
			return notThis(p, op.Type)
		}
	}
	absent := op.Condition
	absent.based = false
	switch err := absent.check(known{}); {
	case err != nil:
		return err
	case p == access.Delete:
		return ErrNotFound
	case found:
		return notThis(p, op.Type)
	}
	return nil
}

// notThis returns the error for a permission that is not granted for one resource.
func notThis(p access.Permission, t schema.TypeID) error {
	return Failf(access.ErrForbidden, issue.Forbidden, "the caller may not %s this %s", p, t)
}

// Permit reports why an operation on a resource as it is is not permitted: ErrForbidden if
// the caller sees it, and otherwise ErrNotFound.
func (v View) Permit(ctx context.Context, a *Access, p access.Permission, t schema.TypeID, id string) error {
	if err := a.May(p, t); err != nil || a.Whole(p, t) {
		return err
	}
	o, found := v.Find(t, id)
	if !found {
		return ErrNotFound
	}
	if ok, err := v.Lets(ctx, a, p, o); ok || err != nil {
		return err
	}
	if shown, err := v.Shows(ctx, a, o); err != nil {
		return err
	} else if shown {
		return notThis(p, t)
	}
	return ErrNotFound
}

// permitMade reports why a resource as it becomes is not permitted.
func (v View) permitMade(ctx context.Context, a *Access, p access.Permission, made *Prepared) error {
	if a.Whole(p, made.Type) {
		return nil
	}
	if !a.filters[p].Alone(made.Type) {
		return Failf(access.ErrForbidden, issue.Forbidden, "the caller may %s resources of type %s by conditions on other resources alone, which a write cannot be held to", p, made.Type)
	}
	e := v.engine
	setItem(made.part, 1, Update) // as if; the writer knows
	_, block, err := splitItem(made.part)
	if err != nil {
		return err
	}
	r := exec.Unwritten{Type: made.Type, ID: made.ID, Document: func(doc *fhirjson.Document) error { return e.parsePacked(made.body, doc) }}
	if r.Payload, err = e.packing.unpack(nil, block); err != nil {
		return err
	}
	permitted, err := e.search.LetsUnwritten(ctx, a.Through(p, v).View, &r)
	switch {
	case err != nil:
		return QueryError(err)
	case !permitted:
		return Failf(access.ErrForbidden, issue.Forbidden, "the caller may not %s such a resource of type %s", p, made.Type)
	}
	return nil
}
