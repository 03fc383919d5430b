package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
)

// RotateKey replaces all keys of the store except the caller's KeyWrapper: the keys that
// seal its data and authenticate its files, and the key of the index's hashes. New writes
// use the new keys at once. Older data is sealed anew, some megabytes at a time, beside
// readers and writers; then the old keys are destroyed. An old copy of the keyset reads
// nothing of the store any more. RotateKey cannot reach copies of the folder, files
// that were cut off the log and kept, and blocks of removed files that the disk still has.
//
// The store's KeyWrapper ([Options.Key], or that of the last [Store.Rewrap]) is asked at
// the beginning. If it fails, RotateKey reports ErrKey or ErrWrongKey, and nothing has
// changed. Page tokens from before the rotation are refused after the next opening; a
// [Head] stays good.
//
// A core seals some 200 MB of the log in a second. While others write, RotateKey works a
// tenth of the time, so that their writes take no longer than otherwise.
//
// ctx, Close or a crash may stop RotateKey anywhere. The next call continues the
// rotation, and so does the next opening, in the background. [Stats.Rotating] is true
// until the old keys are destroyed. progress, which may be nil, is called after some
// megabytes each, one call at a time, with the bytes of the log that are done; one that
// panics ends RotateKey with ErrCallback.
//
// RotateKey reports ErrKey, ErrWrongKey, ErrReadOnly, ErrClosed, ErrCorrupt, the error of
// ctx, or one of the disk; after ErrOutcomeUnknown the store is read-only until it is
// opened again.
func (s *Store) RotateKey(ctx context.Context, progress func(done, total int64)) error {
	if err := s.admin("rotate keys"); err != nil {
		return err
	}
	var tell func(engine.RewriteProgress)
	if progress != nil {
		tell = func(p engine.RewriteProgress) { progress(p.Done, p.Total) }
	}
	return s.engine.RotateKey(ctx, tell)
}

// Rewrap lets another KeyWrapper, such as another key file or passphrase, encrypt the
// store's keys. No data is touched, and writes do not wait for the wrapper. After a nil
// error the new wrapper opens the store and the old one does not; after any other error
// only the old one does. After ErrOutcomeUnknown one of the two opens the store, which is
// read-only until it is opened again.
//
// An old copy of the keyset file still opens with the old wrapper, and reads everything
// written before Rewrap. [Store.RotateKey] ends that.
//
// Rewrap reports ErrKey or the wrapper's own error, ErrNoKey for a nil wrapper,
// ErrReadOnly, ErrClosed, the error of ctx, or one of the disk.
func (s *Store) Rewrap(ctx context.Context, wrapper KeyWrapper) error {
	if err := s.admin("rewrap keys"); err != nil {
		return err
	}
	if wrapper == nil {
		return ErrNoKey
	}
	return s.engine.Rewrap(ctx, wrapper)
}
