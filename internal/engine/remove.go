package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// horizonState is the name of the named state that is written before versions leave the
// log. Its commit is one of the index, without versions: histories of states before it
// are not complete any more.
const horizonState = "horizon"

// announce writes the horizon, and returns its sequence or a later one.
func (e *Engine) announce(ctx context.Context) (sequence uint64, err error) {
	_, err = e.Commit(ctx, &Commit{States: []State{{Name: horizonState, Value: []byte{1}}}})
	return e.Last().Sequence(), err
}

// holdPatience is how long who removes versions that somebody sees waits for holds to
// end.
const holdPatience = 3 * time.Second

// endHolds waits until no state before a sequence is held, and ends the holds that last
// for longer than holdPatience.
func (e *Engine) endHolds(ctx context.Context, sequence uint64) error {
	until := time.Now().Add(holdPatience)
	for {
		held := e.index.Holds() // those of earlier states first
		if len(held) == 0 || held[0].Sequence() >= sequence {
			break
		}
		if time.Now().After(until) {
			for _, h := range held {
				if h.Sequence() < sequence {
					h.End()
				}
			}
			e.options.Logger.Warn("datastore: states were held that had versions which are removed; they are kept no more")
			break
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-e.ending:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	e.index.Forget(sequence)
	return nil
}

// Purge removes the superseded versions of a resource from the log, and all versions of
// one that is deleted, whoever sees them: holds of earlier states end after a while. It
// reports ErrNotFound for a resource that never was, otherwise what Compact reports.
func (e *Engine) Purge(ctx context.Context, t schema.TypeID, id string) error {
	if err := e.beginRewriting(ctx); err != nil {
		return err
	}
	defer e.endRewriting()
	versions, err := e.purgeable(t, id)
	if err != nil || versions.IsEmpty() {
		return err
	}
	sequence, err := e.announce(ctx)
	if err != nil {
		return err
	}
	if err := e.endHolds(ctx, sequence); err != nil {
		return err
	}
	if versions, err = e.purgeable(t, id); err != nil {
		return err
	}
	return e.remove(ctx, versions)
}

// purgeable returns the versions that Purge removes.
func (e *Engine) purgeable(t schema.TypeID, id string) (*roaring.Bitmap, error) {
	set, view := roaring.New(), e.Last()
	o, ok := view.Find(t, id)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, t)
	}
	if !view.Deleted(o) {
		o, ok = view.Previous(o)
	}
	for ; ok; o, ok = view.Previous(o) {
		set.Add(uint32(o))
	}
	return set, e.Open()
}

// remove takes versions that no hold sees out of the log: it rewrites the segments that
// have one.
func (e *Engine) remove(ctx context.Context, versions *roaring.Bitmap) error {
	segments, err := e.closedSegments(ctx)
	if err != nil {
		return err
	}
	for _, s := range segments {
		if !e.hasAny(s, versions) {
			continue
		}
		if err := e.rewritePart(ctx, []txlog.Segment{s}, versions, true); err != nil {
			return e.rewriteFailed(err)
		}
	}
	return nil
}

// hasAny reports whether some versions may be in a segment.
func (e *Engine) hasAny(s txlog.Segment, versions *roaring.Bitmap) bool {
	first, end := e.numbers.from(s.FirstNumber), e.numbers.from(s.LastNumber+1)
	return first < end && versions.CardinalityInRange(uint64(first), uint64(end)) > 0
}

// rewriteFailed is told why the log could not be rewritten.
func (e *Engine) rewriteFailed(err error) error {
	if errors.Is(err, ErrOutcomeUnknown) {
		e.stopWriting(err)
	}
	return fmt.Errorf("datastore: rewriting: %w", logError(err))
}

// goneError gives an error of reading an item the class that it has here: what left the
// log was seen by a state from before.
func goneError(err error) error {
	if errors.Is(err, txlog.ErrNotFound) {
		return fmt.Errorf("%w: the version was removed; go on with a newer state", ErrStalePage)
	}
	return logError(err)
}

// ordinalsOf returns the ordinals of numbers that the index has.
func (e *Engine) ordinalsOf(changes map[txlog.Number]txlog.Changed) *roaring.Bitmap {
	set := roaring.New()
	for n, c := range changes {
		if o := e.numbers.from(n); c.Drop && e.numbers.of(o) == n && o <= e.index.View().Last() {
			set.Add(uint32(o))
		}
	}
	return set
}
