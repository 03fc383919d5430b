package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// RotateKey replaces all keys of the store but the caller's own. What is written
// after it begins lies under new keys; what was written before is sealed anew, one
// part of the log after the other, as Rewrite does; then the old keys are destroyed.
// A rotation that was stopped goes on where it was. RotateKey reports what Rewrite
// reports, and the error of the key wrapper, after which nothing has changed.
func (e *Engine) RotateKey(ctx context.Context, progress func(RewriteProgress)) error {
	e.rotation.stop() // this call does the work of one that opening took up
	if err := e.beginRewriting(ctx); err != nil {
		return err
	}
	defer e.endRewriting()
	if err := e.readOnly(); err != nil {
		return err
	}
	if err := e.log.BeginRotation(ctx); err != nil {
		return e.rotationError(err)
	}
	return e.rotate(ctx, progress)
}

// rotate brings a rotation that is under way to its end. The log lets others go first.
//
// REQUIRES: the right to rewrite.
func (e *Engine) rotate(ctx context.Context, progress func(RewriteProgress)) error {
	segments, err := e.closedSegments(ctx)
	if err != nil {
		return err
	}
	p := RewriteProgress{}
	for _, s := range segments {
		p.Total += s.Bytes
	}
	for _, part := range rewriteParts(segments) {
		if err := e.rotatePart(ctx, part); err != nil {
			return e.rotationError(err)
		}
		if err := e.tellProgress(ctx, progress, &p, part); err != nil {
			return err
		}
	}
	if err := e.log.EndRotation(ctx); err != nil {
		return e.rotationError(err)
	}
	return nil
}

// rotatePart seals a part anew, unless none of it lies under an old key.
func (e *Engine) rotatePart(ctx context.Context, part []txlog.Segment) error {
	if err := errors.Join(ctx.Err(), e.Open()); err != nil {
		return err
	}
	names := make([]uint64, len(part))
	retired := false
	for i, s := range part {
		names[i] = s.Name
		retired = retired || s.Retired
	}
	if !retired {
		return nil
	}
	return e.log.Rewrite(ctx, names, nil)
}

func (e *Engine) rotationError(err error) error {
	if errors.Is(err, ErrOutcomeUnknown) {
		e.stopWriting(err)
	}
	return fmt.Errorf("datastore: rotating keys: %w", logError(err))
}

// Rotating reports whether a rotation of keys is not at its end.
func (e *Engine) Rotating() bool { return e.log.Rotating() }

// Lost returns the bytes of commits that opening found lost, because they were not
// synced.
func (e *Engine) Lost() int64 { return e.log.Lost() }

// Rewrap has another wrapper encrypt the store's keys. It reports what the wrapper
// reports, or ErrReadOnly, ErrClosed, ErrNoKey, ErrOutcomeUnknown, or an error of the
// disk.
func (e *Engine) Rewrap(ctx context.Context, wrapper seal.KeyWrapper) error {
	if err := errors.Join(e.Open(), e.readOnly()); err != nil {
		return err
	}
	err := e.log.Rewrap(ctx, wrapper)
	if errors.Is(err, ErrOutcomeUnknown) {
		e.stopWriting(err)
	}
	if err != nil {
		return fmt.Errorf("datastore: rewrapping: %w", logError(err))
	}
	return nil
}

// A resumption is the rotation that opening takes up where a process left one.
type resumption struct {
	cancel context.CancelFunc
	ended  chan struct{} // nil where there is none
}

// resume takes up a rotation that an earlier process did not end.
func (e *Engine) resume() {
	if !e.log.Rotating() || e.readOnly() != nil {
		return
	}
	ctx, cancel := context.WithCancel(e.background)
	e.rotation = resumption{cancel, make(chan struct{})}
	go e.keepRotating(ctx)
}

func (e *Engine) keepRotating(ctx context.Context) {
	defer close(e.rotation.ended)
	err := e.beginRewriting(ctx)
	if err == nil {
		err = e.rotate(ctx, nil)
		e.endRewriting()
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
		e.options.Logger.Error("datastore: the rotation of the store's keys is not at its end; the next opening goes on", "error", err)
	}
}

// stop ends the resumption and waits for it.
func (r *resumption) stop() {
	if r.ended == nil {
		return
	}
	r.cancel()
	<-r.ended
}
