package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// RotateKey replaces all keys of the store except the caller's. New commits use the new
// keys at once; older segments are sealed anew, one stretch of the log after the other,
// as Rewrite does; then the old keys are destroyed. It continues a stopped rotation.
// RotateKey reports the errors of Rewrite, and the error of the key wrapper, after which
// nothing has changed.
func (e *Engine) RotateKey(ctx context.Context, progress func(RewriteProgress)) error {
	e.rotation.stop() // this call continues the rotation itself
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

// rotate ends a rotation that has begun. Appends go first: the log sees to that.
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

// rotatePart seals a stretch of segments anew, unless none of them needs an old key.
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

// Rotating reports whether a rotation of keys has begun and not ended.
func (e *Engine) Rotating() bool { return e.log.Rotating() }

// Lost returns the damaged bytes that opening cut off behind the last synced commit.
func (e *Engine) Lost() int64 { return e.log.Lost() }

// Rewrap lets another wrapper encrypt the store's keys. It reports the wrapper's error,
// ErrReadOnly, ErrClosed, ErrNoKey, ErrOutcomeUnknown, or an error of the disk.
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
	e.rewrapped.Store(true)
	return nil
}

// A resumption continues, in the background, a rotation that an earlier process began.
type resumption struct {
	cancel context.CancelFunc
	ended  chan struct{} // nil where there is none
}

// resume starts the resumption, if the log has a rotation that has not ended.
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
