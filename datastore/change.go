package datastore

import (
	"context"
	"errors"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A WriteOption is a condition of a write, or says how it is checked.
type WriteOption func(*writeOptions)

type writeOptions struct {
	ifMatch     string
	ifNoneExist string
	ifNoneMatch bool
	check       check
}

// IfMatch has the write done only if the resource's current version is the one
// named; otherwise it reports ErrPreconditionFailed.
func IfMatch(versionID string) WriteOption {
	return func(o *writeOptions) { o.ifMatch = versionID }
}

// IfNoneMatch has an update done only if there is no such resource yet (the
// header If-None-Match: *); otherwise it reports ErrPreconditionFailed.
func IfNoneMatch() WriteOption {
	return func(o *writeOptions) { o.ifNoneMatch = true }
}

// IfNoneExist has a create done only if the query finds no resource of its type
// (FHIR R4 §3.1.0.8.1). If it finds one, that one is returned, not created; if it
// finds several, the create reports ErrPreconditionFailed. The answer is still
// true at the moment of the write, whoever else writes.
func IfNoneExist(query string) WriteOption {
	return func(o *writeOptions) { o.ifNoneExist = query }
}

// gather collects options and turns them into a condition.
func (s *Store) gather(opts []WriteOption) (o writeOptions, c condition, err error) {
	o.check.level = s.options.Validation
	for _, opt := range opts {
		opt(&o)
	}
	if o.ifMatch != "" {
		n, ok := parseVersion(o.ifMatch)
		if !ok {
			return o, c, failf(ErrPreconditionFailed, issue.Conflict, "IfMatch names no version of this store")
		}
		c.ifMatch = n
	}
	c.mustNot = o.ifNoneMatch
	return o, c, nil
}

// tries is how often a write whose condition by search was overtaken by others is
// worked out again before it reports ErrConflict.
const tries = 16

// Create stores a resource under a new id; an id of its own is left aside. The
// result has the resource as it was stored. It reports an [Error] of class
// ErrInvalid, or ErrPreconditionFailed.
func (s *Store) Create(ctx context.Context, json []byte, opts ...WriteOption) (Version, error) {
	o, c, err := s.gather(opts)
	if err != nil {
		return Version{}, err
	}
	if c.ifMatch != 0 {
		return Version{}, failf(ErrInvalid, issue.Invalid, "IfMatch does not go with a create")
	}
	c.mustNot = true
	p, err := s.prepare(ctx, json, s.options.NewID(), o.check)
	if err != nil {
		return Version{}, err
	}
	for range tries {
		done := &commit{ops: []op{{prepared: p, condition: c}}}
		if o.ifNoneExist != "" {
			e, err := s.expect(ctx, p.typ, o.ifNoneExist)
			if err != nil {
				return Version{}, err
			}
			if e.found != 0 {
				return s.now().version(e.found)
			}
			done.expects = []expectation{e}
		}
		switch err := s.submit(ctx, done); {
		case err == nil:
			return s.withJSON(done.versions[0], p.body)
		case !errors.Is(err, errStale):
			return Version{}, err
		}
	}
	return Version{}, ErrConflict
}

// Update stores a resource under its own id, as a new version or as a new
// resource. It reports an [Error] of class ErrInvalid, or ErrPreconditionFailed.
func (s *Store) Update(ctx context.Context, json []byte, opts ...WriteOption) (Version, error) {
	tx := s.Begin()
	if _, err := tx.Update(ctx, json, opts...); err != nil {
		return Version{}, err
	}
	written, err := tx.Commit(ctx)
	if err != nil {
		return Version{}, err
	}
	return s.withJSON(written[0], tx.ops[0].body)
}

// Delete deletes a resource. Its history stays, and an update brings it back. It
// reports ErrNotFound, ErrGone or ErrPreconditionFailed.
func (s *Store) Delete(ctx context.Context, ref Ref, opts ...WriteOption) error {
	tx := s.Begin()
	if err := tx.Delete(ref, opts...); err != nil {
		return err
	}
	_, err := tx.Commit(ctx)
	return err
}

// expect asks a query for the one resource that a conditional write is about.
func (s *Store) expect(ctx context.Context, t schema.TypeID, query string) (expectation, error) {
	q, err := s.engine.Parse(t, query, false)
	if err != nil {
		return expectation{}, queryError(err)
	}
	if q.Contained() {
		return expectation{}, failf(ErrInvalid, issue.NotSupported, "a conditional write is about no contained resource")
	}
	now, done, err := s.searchable()
	if err != nil {
		return expectation{}, err
	}
	defer done()
	e := expectation{query: q, at: now.view.Sequence()}
	e.found, err = s.only(ctx, now.view, &e)
	return e, err
}

// stillTrue asks the query of an expectation again, unless nothing was written
// since. It is called by the writer, whose view is the newest there is.
func (s *Store) stillTrue(e *expectation) error {
	hold := s.index.Hold(time.Now())
	defer hold.Release()
	view := hold.View
	if view.Sequence() == e.at {
		return nil
	}
	found, err := s.only(context.Background(), view, e)
	if err == nil && found != e.found {
		err = errStale
	}
	return err
}

// only returns the one match of an expectation's query, or 0.
func (s *Store) only(ctx context.Context, view index.View, e *expectation) (index.Ordinal, error) {
	set, err := s.engine.Ordinals(ctx, view, e.query)
	if err != nil {
		return 0, queryError(err)
	}
	switch n := set.GetCardinality(); {
	case n == 0:
		return 0, nil
	case n > 1:
		return 0, failf(ErrPreconditionFailed, issue.MultipleMatches, "the condition matches %d resources, not one", n)
	}
	return index.Ordinal(set.Minimum()), nil
}
