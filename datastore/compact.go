package datastore

import (
	"context"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A Retention says which superseded versions [Store.Compact] keeps. A version is kept if
// Versions or Age keeps it. If both are zero, all versions are kept. The current version
// of a resource is always kept, and so is the deletion of one that is deleted.
type Retention struct {
	// Versions is how many versions of a resource are kept: its newest, the current one
	// counted.
	Versions int
	// Age keeps the versions that were current so long ago, or later.
	Age time.Duration
	// Types has other rules for some resource types, by name. Their own Types are nil.
	Types map[string]Retention
}

// Compact makes the store as small as this version of the library can. It removes the
// superseded versions that keep does not keep; nil keeps all. It packs everything anew
// that is durable when it begins, on half of the cores; a core packs some ten megabytes of
// resources a second. Search values that another version of the library
// extracted are extracted anew, so that the next opening need not. Replaced values of
// named states go. Version ids and times stay as they are.
//
// A version that is removed is as if it never was: reading it reports ErrNotFound, and
// histories are without it. What an open snapshot or a search under way sees as current is
// kept for the next call. From then on, histories of a snapshot from before, their page
// tokens, and [Store.Changes] from before the last commit that lost a version report
// ErrStalePage; page tokens of searches from before do as well.
//
// Others may read and write meanwhile. Compact works on some megabytes at a time, and
// the store has their old or their new form at every moment: ctx, Close or a crash may
// stop it anywhere, and the next call goes on with what is left. A second call waits for
// the first, and for Verify. progress, which may be nil, is called after each part, one
// call at a time: done of total bytes of the store have been looked at, both counted as
// they were before, and after is what that part takes now. A progress that panics ends
// Compact with ErrCallback. The disk needs room for one part more, at most 16 MiB or the
// largest resource.
//
// Compact reports an [Error] of class ErrInvalid for a retention that is none,
// ErrReadOnly, ErrClosed, ErrCorrupt, the error of ctx, or one of the disk; after
// ErrOutcomeUnknown the store is read-only until it is opened again.
func (s *Store) Compact(ctx context.Context, keep *Retention, progress func(done, total, after int64)) error {
	if err := s.admin("compact the store"); err != nil {
		return err
	}
	of, err := keep.engine()
	if err != nil {
		return err
	}
	var tell func(engine.RewriteProgress)
	if progress != nil {
		tell = func(p engine.RewriteProgress) { progress(p.Done, p.Total, p.After) }
	}
	_, err = s.engine.Compact(ctx, of, tell)
	return err
}

// Purge removes the superseded versions of a resource, or, if it is deleted, all of its
// versions: the resource then is as if it never was. Snapshots and searches that see such
// a version have three seconds to end; after that they report ErrStalePage. Otherwise it
// is as [Store.Compact] for that resource alone: when it returns nil, the versions are in
// no file of the store. It reports ErrNotFound for a resource that never was, an [Error]
// of class ErrInvalid for a type that is none, or what Compact reports.
func (s *Store) Purge(ctx context.Context, ref Ref) error {
	if err := s.admin("purge"); err != nil {
		return err
	}
	t, err := resourceType(ref.Type)
	if err != nil {
		return err
	}
	return s.engine.Purge(ctx, t, ref.ID)
}

// engine checks a retention and returns it as the engine has it.
func (r *Retention) engine() (*engine.Retention, error) {
	if r == nil {
		return nil, nil
	}
	rule, err := r.rule()
	if err != nil {
		return nil, err
	}
	of := &engine.Retention{Keep: rule, Types: make(map[schema.TypeID]engine.Rule, len(r.Types))}
	for name, other := range r.Types {
		t, err := resourceType(name)
		if err != nil {
			return nil, err
		}
		if other.Types != nil {
			return nil, engine.Failf(ErrInvalid, issue.Value, "the retention of a type has no types of its own")
		}
		if of.Types[t], err = other.rule(); err != nil {
			return nil, err
		}
	}
	return of, nil
}

func (r *Retention) rule() (engine.Rule, error) {
	if r.Versions < 0 || r.Age < 0 {
		return engine.Rule{}, engine.Failf(ErrInvalid, issue.Value, "a retention of %d versions and %v is none: neither is negative", r.Versions, r.Age)
	}
	return engine.Rule{Versions: r.Versions, Age: r.Age}, nil
}
