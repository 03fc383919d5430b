package datastore

import (
	"context"
	"iter"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
)

// A Change is one commit: the versions that one create, update, delete, transaction or
// chunk of an import wrote.
type Change struct {
	// Sequence is the commit's number. It rises from commit to commit, with gaps.
	Sequence uint64
	// Time is the time of the commit: UTC, microseconds. It is the LastUpdated of the
	// commit's versions, except of versions that kept their source's time (KeepVersion).
	Time time.Time

	change engine.Change
	store  *Store
}

// Changes iterates over the commits after a sequence, 0 for all, in their order, and
// then goes on with new commits. It ends with the error of ctx, or with ErrClosed. A
// caller that asks again after the last Sequence that it has seen misses no commit and
// sees none twice. If a later commit has lost versions ([Store.Compact], [Store.Purge],
// [Store.Erase]), it ends with ErrStalePage, and the caller begins anew after 0.
func (s *Store) Changes(ctx context.Context, after uint64) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for c, err := range s.engine.Tail(ctx, after) {
			if err != nil {
				yield(Change{}, err)
				return
			}
			if !yield(Change{Sequence: c.Sequence, Time: time.UnixMicro(c.Micros).UTC(), change: c, store: s}, nil) {
				return
			}
		}
	}
}

// Versions iterates over the commit's versions, in their order, deletions included. It
// may be called only in the step of the iteration that gave the change.
func (c *Change) Versions(ctx context.Context) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		if c.store == nil {
			return // the zero Change
		}
		now := &Snapshot{store: c.store, view: c.change.View}
		for o := c.change.First; o <= c.change.Last; o++ {
			if err := ctx.Err(); err != nil {
				yield(Version{}, err)
				return
			}
			if now.view.Hole(o) {
				continue
			}
			v, err := now.historical(o)
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Len returns how many versions the commit wrote and the store still has: none of a
// commit of [Store.Compact] or [Store.Purge].
func (c *Change) Len() (n int) {
	for o := c.change.First; c.store != nil && o <= c.change.Last; o++ {
		if !c.change.View.Hole(o) {
			n++
		}
	}
	return n
}
