package datastore

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
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
// sees none twice. It reports ErrInvalid for a sequence that the store has not reached.
// If a later commit has lost versions ([Store.Compact], [Store.Purge], [Store.Erase]), it
// ends with ErrStalePage: the text of the error has the first sequence after which no
// version is missing, and the caller goes on after it, or begins anew after 0 with what is
// left.
//
// [Snapshot.Changes] ends with the newest commit instead of waiting, and
// [Store.ChangesAfter] notices another store in the place of this one.
func (s *Store) Changes(ctx context.Context, after uint64) iter.Seq2[Change, error] {
	return s.changes(s.engine.Tail(ctx, after), cmp.Or(s.admin("follow the changes"), s.reached(after)))
}

// ChangesAfter is Changes after the commit of a [Head], which [Change.Head] gives; the
// zero Head is before the first. It reports ErrInvalid for a Head of another store, or of
// an older copy or another branch of this one. In a store that was restored from a backup
// of this one it goes on as well, as far as the backup goes.
func (s *Store) ChangesAfter(ctx context.Context, at Head) iter.Seq2[Change, error] {
	after, err := s.engine.After(ctx, at.pin)
	return s.changes(s.engine.Tail(ctx, after), cmp.Or(s.admin("follow the changes"), err))
}

// Changes iterates over the commits after a sequence, 0 for all, up to the one after
// which the snapshot was taken. Otherwise it is as [Store.Changes].
func (s *Snapshot) Changes(ctx context.Context, after uint64) iter.Seq2[Change, error] {
	return s.store.changes(s.view.Changes(ctx, after), cmp.Or(s.store.admin("follow the changes"), s.store.reached(after)))
}

// ChangesAfter is Changes after the commit of a [Head], as [Store.ChangesAfter] is.
func (s *Snapshot) ChangesAfter(ctx context.Context, at Head) iter.Seq2[Change, error] {
	after, err := s.store.engine.After(ctx, at.pin)
	return s.store.changes(s.view.Changes(ctx, after), cmp.Or(s.store.admin("follow the changes"), err))
}

// reached reports ErrInvalid for a sequence that is still to come: who goes on from there
// would miss what is written until then.
func (s *Store) reached(sequence uint64) error {
	if last := s.Head().Sequence(); sequence > last {
		return engine.Failf(ErrInvalid, issue.Value, "there is no commit %d to go on from: the newest is %d", sequence, last)
	}
	return nil
}

// changes iterates over what the engine tells, unless there is an error already.
func (s *Store) changes(all iter.Seq2[engine.Change, error], err error) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		if err != nil {
			yield(Change{}, err)
			return
		}
		for c, err := range all {
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

// Versions iterates over the commit's versions, in their order, deletions included, each
// with its Interaction. It may be called only in the step of the iteration that gave the
// change.
func (c *Change) Versions(ctx context.Context) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		if c.store == nil {
			return // the zero Change
		}
		now := c.store.snapshot(c.change.View)
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

// Head returns the position behind the commit, from which ChangesAfter goes on. As text it
// may be kept outside the store.
func (c *Change) Head() Head {
	if c.store == nil {
		return Head{}
	}
	return Head{c.store.engine.Pin(c.Sequence)}
}

// Annotation returns the note that the commit was given by [Tx.Annotate], nil if it has
// none. The note is the caller's.
func (c *Change) Annotation() ([]byte, error) {
	if c.store == nil {
		return nil, nil
	}
	return c.store.engine.Annotation(c.Sequence)
}
