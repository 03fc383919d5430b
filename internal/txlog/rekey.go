package txlog

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Rewrap makes a new file key for the keyset, encrypted by another wrapper. No other
// file is touched: an old copy of the keyset still opens with the old wrapper. After a
// nil error the old wrapper does not open the store; after any other error only the old
// one does. After ErrOutcomeUnknown one of the two opens the store, and the log is
// read-only.
//
// The wrapper is asked while others append. Rewrap reports the wrapper's errors and the
// errors of Append.
func (l *Log) Rewrap(ctx context.Context, wrapper seal.KeyWrapper) error {
	if wrapper == nil {
		return ErrNoKey
	}
	if err := l.checkWrite(ctx); err != nil {
		return err
	}
	file, err := seal.NewFileKey(ctx, wrapper)
	if err != nil {
		return err
	}
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	if err := l.checkWriteLocked(ctx); err != nil {
		return err
	}
	// A wrapper that made a key file in the store's folder would keep it from opening.
	if _, err := list(l.folder); err != nil {
		return err
	}
	renamed, err := l.writeKeysLocked(l.keys.Load().WithFileKey(file))
	if err != nil && renamed {
		return l.unknownLocked(err)
	}
	if err != nil {
		return err
	}
	w.wrapper = wrapper
	w.rewraps++
	return nil
}

// BeginRotation begins to replace all keys of the store except the caller's wrapper.
// New records use the new keys at once. Segments with Retired set need old keys, and
// [Log.Rewrite] seals their items anew. [Log.EndRotation] destroys the old keys. A
// rotation outlasts the log: BeginRotation does nothing if one has begun and not ended.
//
// First the store's wrapper must open the keyset, while others append. If it fails,
// nothing is changed. BeginRotation reports the wrapper's errors and the errors of
// Append.
func (l *Log) BeginRotation(ctx context.Context) error {
	for {
		begun, err := l.tryRotation(ctx)
		if begun || err != nil {
			return err
		}
	}
}

// tryRotation begins a rotation, unless Rewrap replaces the wrapper meanwhile.
func (l *Log) tryRotation(ctx context.Context) (begun bool, err error) {
	w := &l.writer
	w.Lock()
	err = l.checkWriteLocked(ctx)
	wrapper, rewraps, keys := w.wrapper, w.rewraps, l.keys.Load()
	w.Unlock()
	if err != nil || keys.Rotating() {
		return err == nil, err
	}
	if err := keys.CheckWrapper(ctx, wrapper); err != nil {
		return false, err
	}
	file, err := seal.NewFileKey(ctx, wrapper)
	if err != nil {
		return false, err
	}
	w.Lock()
	defer w.Unlock()
	if err := l.checkWriteLocked(ctx); err != nil {
		return false, err
	}
	if keys = l.keys.Load(); keys.Rotating() || w.rewraps != rewraps {
		return keys.Rotating(), nil
	}
	next, err := keys.WithFileKey(file).BeginRotation()
	if err != nil {
		return false, err
	}
	return true, l.replaceKeysLocked(next)
}

// Rotating reports whether a rotation has begun and not ended.
func (l *Log) Rotating() bool { return l.keys.Load().Rotating() }

// EndRotation destroys the keys that a rotation replaces: the small files get tags
// under the new keys, and the keyset is written without the old ones. Records that a
// reader has stay readable. It reports ErrRetired while a segment needs an old key, and
// the errors of Append; after an error the rotation has not ended. Without a rotation it
// does nothing.
func (l *Log) EndRotation(ctx context.Context) error {
	l.rewriting.Lock()
	defer l.rewriting.Unlock()
	if !l.Rotating() {
		return nil
	}
	if err := l.endRotation(ctx); err != nil {
		return err
	}
	// The checkpoint is sealed with a key that is gone, and its terms are made with another.
	if err := l.DropCheckpoint(); err != nil {
		l.options.Logger.Warn("a checkpoint that is out of date could not be removed", "error", err)
	}
	return nil
}

func (l *Log) endRotation(ctx context.Context) error {
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	if err := l.checkWriteLocked(ctx); err != nil {
		return err
	}
	keys := l.keys.Load()
	if !keys.Rotating() {
		return nil
	}
	for _, s := range l.Segments() {
		if s.Retired {
			return fmt.Errorf("%w: segment %d", ErrRetired, s.Name)
		}
	}
	if err := l.resealSlotsLocked(); err != nil {
		return err
	}
	keys = l.keys.Load()
	st := l.state.Load()
	// Manifest and one slot of head, then the other, then the header.
	if err := l.replaceManifestLocked(l.nextManifestLocked(st.segments), st, w.engine.end); err != nil {
		return err
	}
	if err := l.syncHeadLocked(st, w.engine.end); err != nil {
		return fmt.Errorf("txlog: write head: %w", err)
	}
	if _, err := replaceFile(l.folder, nameHeader, l.header.marshal(keys)); err != nil {
		return fmt.Errorf("txlog: write header: %w", err)
	}
	return l.replaceKeysLocked(keys.EndRotation())
}

// retired reports whether the segment needs a retired key.
func (e *segmentEntry) retired(keys *seal.Keyset) bool {
	for _, id := range e.keys {
		if keys.Retired(id) {
			return true
		}
	}
	return false
}
