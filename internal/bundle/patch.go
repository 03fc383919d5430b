package bundle

import (
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
)

// patched returns what the patch of an entry makes of the resource as the transaction's state has
// it. The commit then rests on that version, and on the one that the client names.
func (p *transaction) patched(ctx context.Context, i int) ([]byte, error) {
	r, e := &p.requests[i], &p.entries[i]
	if err := p.state.Permit(ctx, p.By, access.Update, r.target.Type, e.id); err != nil {
		return nil, err
	}
	o, ok := p.state.Find(r.target.Type, e.id)
	switch {
	case !ok:
		return nil, engine.ErrNotFound
	case p.state.Deleted(o):
		return nil, engine.ErrGone
	}
	number := p.state.VersionNumber(o)
	if wanted := r.condition.IfMatch; wanted != 0 && wanted != number {
		return nil, engine.ErrPreconditionFailed
	}
	e.patchedFrom = number
	now, err := p.state.AppendJSON(nil, o)
	if err != nil {
		return nil, err
	}
	return engine.ApplyPatch(ctx, now, r.patch)
}

// patchesOvertaken reports whether a commit failed because others have written a resource
// after a patch was applied to it, while the client has named no version.
func (p *transaction) patchesOvertaken(err error) bool {
	if !errors.Is(err, engine.ErrPreconditionFailed) && !errors.Is(err, engine.ErrGone) && !errors.Is(err, engine.ErrNotFound) {
		return false
	}
	now, failed := p.engine.Hold()
	if failed != nil {
		return false
	}
	defer now.Release()
	patches, others := false, false
	for i := range p.entries {
		r, e := &p.requests[i], &p.entries[i]
		if r.method != "PATCH" || r.condition.IfMatch != 0 {
			others = others || e.writes && (r.condition.IfMatch != 0 || r.condition.MustNot || e.op.MustNot)
			continue
		}
		patches = true
		then, _ := p.state.Find(r.target.Type, e.id)
		if o, _ := now.Find(r.target.Type, e.id); o != then {
			return true
		}
	}
	// Who wrote in the same group is not seen yet. No other condition can have failed.
	return patches && !others
}
