package engine

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/issue"
)

// A Change is one commit, as a follower of the store sees it.
type Change struct {
	Sequence uint64
	Micros   int64 // time of the commit, since the Unix epoch
	// First to Last are the ordinals of its versions.
	First, Last index.Ordinal
	// View is the state after the commit, or a later state. It is valid until the next
	// change is asked for.
	View View
}

// Tail iterates over the commits after a sequence that wrote resources, and goes on
// with new commits until ctx ends or the engine is closed: it yields the error of ctx
// or ErrClosed last. A caller that stops, and asks again after the last sequence that
// it has seen, misses no commit and sees none twice: Tail yields ErrStalePage, last, if a
// later commit has lost versions. A caller that asks after 0 sees the versions that there
// are, and ErrStalePage only if versions are removed meanwhile. The state that Tail reads
// is held.
func (e *Engine) Tail(ctx context.Context, after uint64) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		lost := uint64(0)
		if after == 0 {
			lost = e.log.Horizon()
		}
		e.tail(ctx, after, func(after uint64) bool {
			horizon := e.log.Horizon()
			return after >= horizon || horizon == lost
		})(yield)
	}
}

// tail is Tail that ends with ErrStalePage once whole says that commits after a sequence
// have lost versions.
func (e *Engine) tail(ctx context.Context, after uint64, whole func(after uint64) bool) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for {
			changed := e.published.wait()
			next, goOn, err := e.yieldChanges(ctx, after, whole, yield)
			if !goOn {
				return
			}
			if err != nil {
				yield(Change{}, err)
				return
			}
			if next > after {
				after = next
				continue
			}
			select {
			case <-changed:
			case <-e.ending:
			case <-ctx.Done():
			}
		}
	}
}

// yieldChanges yields the commits up to now, and returns the last sequence that it
// yielded.
func (e *Engine) yieldChanges(ctx context.Context, after uint64, whole func(uint64) bool, yield func(Change, error) bool) (last uint64, goOn bool, err error) {
	now, err := e.Hold()
	if err != nil {
		return after, true, err
	}
	defer now.Release()
	for c := range now.Commits(after) {
		if err := ctx.Err(); err != nil {
			return after, true, err
		}
		if !whole(after) {
			return after, true, e.staleFeed()
		}
		after = c.Sequence
		if !yield(Change{c.Sequence, c.Time, c.First, c.Last, now.View}, nil) {
			return after, false, nil
		}
	}
	return after, true, ctx.Err()
}

// Changes iterates over the commits after a sequence that wrote resources, up to the one
// after which the state is. It yields ErrStalePage, last, as [Engine.Tail] does, and where
// versions that the state has were removed.
func (v View) Changes(ctx context.Context, after uint64) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		if after != 0 && after < v.engine.log.Horizon() {
			yield(Change{}, v.engine.staleFeed())
			return
		}
		for c := range v.Commits(after) {
			err := cmp.Or(ctx.Err(), v.Open())
			if err == nil && !v.Complete() {
				err = fmt.Errorf("%w: versions that it has were removed; go on with a newer one", ErrStalePage)
			}
			if err != nil {
				yield(Change{}, err)
				return
			}
			if !yield(Change{c.Sequence, c.Time, c.First, c.Last, v}, nil) {
				return
			}
		}
	}
}

// staleFeed says where a feed goes on whose position is too old.
func (e *Engine) staleFeed() error {
	return fmt.Errorf("%w: commits up to %[2]d have lost versions since; the feed goes on after commit %[2]d, or begins anew after 0 with what is left", ErrStalePage, e.log.Horizon())
}

// Pin names a commit, so that it can be told from one of another history.
func (e *Engine) Pin(sequence uint64) txlog.Pin { return e.log.Pin(sequence) }

// After returns the sequence after which a feed goes on that has come to a pin. It reports
// an Error of class ErrInvalid for a pin of another history, or of a commit to come.
func (e *Engine) After(ctx context.Context, pin txlog.Pin) (uint64, error) {
	if pin == (txlog.Pin{}) {
		return 0, nil
	}
	last := e.log.Last().Sequence
	held, err := e.log.Holds(ctx, pin)
	switch {
	case err != nil:
		return 0, logError(err)
	case held:
		return pin.Sequence, nil
	case pin.Sequence > last:
		return 0, Failf(ErrInvalid, issue.Value, "the position is behind commit %d, and the newest of this store is %d", pin.Sequence, last)
	}
	return 0, Failf(ErrInvalid, issue.Value, "the position is that of another store: it had another history up to commit %d", pin.Sequence)
}

// Annotation returns the annotation of a commit, nil if it has none.
func (e *Engine) Annotation(sequence uint64) ([]byte, error) {
	note, err := e.log.Annotation(sequence, nil)
	if err != nil {
		return nil, fmt.Errorf("datastore: reading: %w", logError(err))
	}
	return note, nil
}
