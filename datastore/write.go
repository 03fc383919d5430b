package datastore

import (
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/issue"
)

// tries is how often a write whose condition by search was overtaken by others is
// worked out again before it reports ErrConflict.
const tries = 16

// Validate checks a resource as a write would, at the store's level or that of
// [Validation], and stores nothing. It returns what was found and would be accepted:
// issues of severity warning and information, and at level Minimal errors too. What would
// be refused is an [Error] of class ErrInvalid.
func (s *Store) Validate(ctx context.Context, json []byte, opts ...WriteOption) (found []Issue, err error) {
	defer s.told("validate", "", &err)()
	o, err := s.gather(opts, &opValidate)
	if err != nil {
		return nil, err
	}
	return s.engine.Validate(ctx, json, o.check)
}

// Create stores a resource under a new id; an id of its own is ignored. The result has
// the resource as it was stored. It reports an [Error] of class ErrInvalid, or
// ErrPreconditionFailed.
func (s *Store) Create(ctx context.Context, json []byte, opts ...WriteOption) (Version, error) {
	return s.create(ctx, json, &opCreate, opts)
}

func (s *Store) create(ctx context.Context, json []byte, as *operation, opts []WriteOption) (v Version, err error) {
	defer s.toldOf("create", &v, &err)()
	o, err := s.gather(opts, as)
	if err != nil {
		return Version{}, err
	}
	id, err := s.engine.NewID(ctx)
	if err != nil {
		return Version{}, err
	}
	p, err := s.engine.Prepare(ctx, json, &engine.How{ID: id, Check: o.check, Keep: o.wantsJSON(), Resolve: o.has(optResolveReferences), By: s.access()})
	if err != nil {
		return Version{}, err
	}
	beside, err := s.prepareProvenance(ctx, o, p)
	if err != nil {
		return Version{}, err
	}
	var criterion *engine.Criterion
	if o.has(optIfNoneExist) {
		if criterion, err = s.engine.Criterion(p.Type, o.ifNoneExist, s.base); err != nil {
			return Version{}, err
		}
	}
	for range tries {
		done := &engine.Commit{Ops: append([]engine.Op{{Prepared: p, Condition: engine.Condition{MustNot: true}, Interaction: o.by(engine.Create)}}, beside...), By: s.access()}
		if criterion != nil {
			x, err := s.engine.Expect(ctx, criterion, s.access())
			if err != nil {
				return Version{}, err
			}
			if x.Found != 0 {
				return s.found(x.Found, o)
			}
			done.Expects = []engine.Expectation{x}
		}
		switch versions, err := s.engine.Commit(ctx, done); {
		case err == nil:
			return written(versions[0], p), nil
		case !errors.Is(err, engine.ErrOvertaken):
			return Version{}, err
		}
	}
	return Version{}, ErrConflict
}

// found returns what a condition by search has found.
func (s *Store) found(at index.Ordinal, o *writeOptions) (Version, error) {
	now, err := s.now()
	if err != nil {
		return Version{}, err
	}
	defer now.Close()
	if !o.wantsJSON() {
		return now.Describe(Ordinal(at)), nil
	}
	return now.version(at)
}

// written returns a version that was just written, with its JSON if it was kept.
func written(v engine.Version, p *engine.Prepared) Version {
	public := publicVersion(&v)
	if p.Stored == nil {
		return public // it was not asked for
	}
	public.JSON = engine.AppendVersioned(nil, p.Stored, v.Number, v.Micros)
	return public
}

// Update stores a resource under its own id, as a new version or as a new
// resource. It reports an [Error] of class ErrInvalid, or ErrPreconditionFailed.
func (s *Store) Update(ctx context.Context, json []byte, opts ...WriteOption) (Version, error) {
	return s.updateAs(ctx, json, &opUpdate, opts)
}

func (s *Store) updateAs(ctx context.Context, json []byte, as *operation, opts []WriteOption) (v Version, err error) {
	defer s.toldOf("update", &v, &err)()
	o, err := s.gather(opts, as)
	if err != nil {
		return Version{}, err
	}
	c, err := o.condition()
	if err != nil {
		return Version{}, err
	}
	return s.update(ctx, json, Ref{}, o, c, o.by(engine.Update))
}

// update stores a resource under its own id, which has to be that of ref if ref is
// not zero.
func (s *Store) update(ctx context.Context, json []byte, ref Ref, o *writeOptions, c engine.Condition, by engine.Interaction) (Version, error) {
	p, err := s.engine.Prepare(ctx, json, &engine.How{
		Check: o.check, Keep: o.wantsJSON(), Compare: c.SkipSame, Resolve: o.has(optResolveReferences), Source: o.has(optKeepVersion), By: s.access(),
	})
	if err != nil {
		return Version{}, err
	}
	if ref != (Ref{}) && ref != (Ref{Type: p.Type.String(), ID: p.ID}) {
		return Version{}, engine.Failf(ErrInvalid, issue.BusinessRule, "a patch must not change the type or the id")
	}
	beside, err := s.prepareProvenance(ctx, o, p)
	if err != nil {
		return Version{}, err
	}
	versions, err := s.engine.Commit(ctx, &engine.Commit{Ops: append([]engine.Op{{Prepared: p, Condition: c, Interaction: by}}, beside...), By: s.access()})
	if err != nil {
		return Version{}, err
	}
	if versions[0].Unchanged {
		return s.unchanged(ctx, &versions[0], o)
	}
	return written(versions[0], p), nil
}

// unchanged returns the version that an update found the same.
func (s *Store) unchanged(ctx context.Context, found *engine.Version, o *writeOptions) (Version, error) {
	public := publicVersion(found)
	if !o.wantsJSON() {
		return public, nil
	}
	now, err := s.now()
	if err != nil {
		return Version{}, err
	}
	defer now.Close()
	v, err := now.readVersion(ctx, public.Ref, public.VersionID)
	v.Unchanged, v.Issues = true, public.Issues
	return v, err
}

// Delete deletes a resource. Its history stays, and an update brings it back. It
// reports ErrNotFound, ErrGone or ErrPreconditionFailed.
func (s *Store) Delete(ctx context.Context, ref Ref, opts ...WriteOption) (err error) {
	defer s.told("delete", ref.Type, &err)()
	tx := s.Begin()
	if err := tx.Delete(ref, opts...); err != nil {
		return err
	}
	_, err = tx.commit(ctx)
	return err
}
