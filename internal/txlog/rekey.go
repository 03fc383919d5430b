package txlog

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Rewrap has another wrapper encrypt the key of the keyset, which is made anew for
// it. Nothing else is touched: whoever kept the old keyset file and the old wrapper
// reads what was written so far. Where Rewrap returns nil, the old wrapper does not
// open the store; where it fails, the old wrapper does. After ErrOutcomeUnknown one
// of the two opens the store, and the log is read-only.
//
// The wrapper is asked while others append. Rewrap reports what it reports, or what
// Append reports.
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

// BeginRotation begins to replace all keys of the store but the caller's own. What
// is written from then on lies under new ones. [Log.Rewrite] seals anew what lies
// under an old one, as [Segment.Retired] tells, until [Log.EndRotation]. Where a
// rotation is under way, BeginRotation does nothing; opening the log does not end
// one.
//
// The wrapper of the store is asked while others append, whether it still opens the
// keyset: where it does not, nothing is changed. BeginRotation reports what it
// reports, or what Append reports.
func (l *Log) BeginRotation(ctx context.Context) error {
	for {
		begun, err := l.tryRotation(ctx)
		if begun || err != nil {
			return err
		}
	}
}

// tryRotation begins a rotation, unless the wrapper is replaced meanwhile.
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

// Rotating reports whether a rotation is under way.
func (l *Log) Rotating() bool { return l.keys.Load().Rotating() }

// EndRotation destroys the keys that a rotation replaces: the small files get tags
// under the new keys, and the keyset is written without the old ones. What readers
// began stays readable. It reports ErrRetired as long as a segment needs an old key,
// or what Append reports; the rotation is under way then as before. Where none is,
// it does nothing.
func (l *Log) EndRotation(ctx context.Context) error {
	l.rewriting.Lock()
	defer l.rewriting.Unlock()
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	if err := l.checkWriteLocked(ctx); err != nil {
		return err
	}
	keys, st := l.keys.Load(), l.state.Load()
	if !keys.Rotating() {
		return nil
	}
	for _, s := range l.Segments() {
		if s.Retired {
			return fmt.Errorf("%w: segment %d", ErrRetired, s.Name)
		}
	}
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

// retired reports whether the segment needs a key that a rotation replaces.
func (e *segmentEntry) retired(keys *seal.Keyset) bool {
	for _, id := range e.keys {
		if keys.Retired(id) {
			return true
		}
	}
	return false
}
