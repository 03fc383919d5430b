package bundle

import (
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A Conditional is an update, patch or deletion outside a Bundle, whose criteria find the resource
// (FHIR R4 §3.1.0.4.3, §3.1.0.6.2, §3.1.0.7.1). It is done as a transaction of one entry.
type Conditional struct {
	Method    string // PUT, PATCH or DELETE
	Type      schema.TypeID
	Criteria  string // a query; never empty
	Resource  []byte // of a PUT
	Patch     []byte // of a PATCH, in JSON
	Condition engine.Condition
}

// Do carries out the interaction. It returns what was written: the zero Version where
// nothing matched a deletion. The resource comes along if options want the representation.
func (c *Conditional) Do(ctx context.Context, e *engine.Engine, options Options) (engine.Version, []byte, error) {
	if c.Criteria == "" {
		return engine.Version{}, nil, engine.Failf(engine.ErrInvalid, issue.Required, "the criteria are empty: they would match everything")
	}
	d := newDoing(ctx, e, options)
	d.alone = true
	r := request{method: c.Method, target: Target{Type: c.Type}, criteria: c.Criteria, resource: c.Resource, patch: c.Patch, condition: c.Condition}
	replies, err := d.transaction(ctx, []request{r}, 0)
	if err != nil {
		return engine.Version{}, nil, err
	}
	return replies[0].version, replies[0].resource, nil
}

// DeleteAll deletes all that criteria find, in one commit, and returns what was deleted.
// What others write meanwhile is looked at again. More than MaxEntries are ErrTooCostly.
func (c *Conditional) DeleteAll(ctx context.Context, e *engine.Engine, options Options) ([]engine.Version, error) {
	if c.Criteria == "" {
		return nil, engine.Failf(engine.ErrInvalid, issue.Required, "the criteria are empty: they would match everything")
	}
	d := newDoing(ctx, e, options)
	for range tries {
		deleted, err := d.deleteAll(ctx, c)
		if !errors.Is(err, engine.ErrPreconditionFailed) {
			return deleted, err
		}
	}
	return nil, engine.ErrConflict
}

// deleteAll deletes what criteria find now. It reports ErrPreconditionFailed where others
// have written some of it since.
func (d *doing) deleteAll(ctx context.Context, c *Conditional) ([]engine.Version, error) {
	for _, p := range []access.Permission{access.Search, access.Delete} {
		if err := d.By.May(p, c.Type); err != nil {
			return nil, err
		}
	}
	state, err := d.hold()
	if err != nil {
		return nil, err
	}
	defer state.Release()
	criterion, err := d.engine.Criterion(c.Type, c.Criteria, d.base())
	if err != nil {
		return nil, err
	}
	found, err := state.Matches(d.forConditions, criterion, MaxEntries)
	switch {
	case errors.Is(err, engine.ErrPreconditionFailed):
		return nil, engine.Failf(engine.ErrTooCostly, issue.TooCostly, "the criteria find more than %d resources: delete fewer at once", MaxEntries)
	case err != nil || len(found) == 0:
		return nil, err
	}
	commit := engine.Commit{By: d.By}
	for _, o := range found {
		v := state.Version(o)
		commit.Ops = append(commit.Ops, engine.Op{Prepared: engine.PrepareDeletion(v.Type, v.ID), Condition: engine.Condition{IfMatch: v.Number}})
	}
	return d.engine.Commit(ctx, &commit)
}

// inResource puts the place of an entry's resource before those of an error.
func (p *transaction) inResource(err error) error {
	if p.alone {
		return err
	}
	return engine.At("/resource", err)
}
