package datastore

import "context"

// RotateKey replaces all keys that the store has: those that its data, its index and its
// files are sealed and authenticated with. What is written from its beginning on lies
// under new keys. What was written before is sealed anew, some megabytes at a time,
// beside readers and writers; then the old keys are destroyed: whoever kept a copy of the
// keyset, and its key, reads nothing of the store any more. Blocks that the disk still
// has of files that were removed, copies of the folder, and what [Cut] kept are beyond its
// reach.
//
// The wrapper that the store was opened with ([Options.Key], or the last [Store.Rewrap])
// stays. It is asked at the beginning, where a key that is lost or denied is ErrKey or
// ErrWrongKey, and nothing has changed. Page tokens from before the rotation are stale
// after the next opening; a [Head] stays good.
//
// A core does some 200 MB of the store in a second. While others write, RotateKey works a
// tenth of the time, so that their writes take no longer than otherwise.
//
// ctx, Close or a crash may stop it anywhere. The next call goes on where it was, and so
// does the next opening by itself, in the background; [Stats.Rotating] tells. As long as
// it is not at its end, the old keys are not destroyed. progress is as for Rewrite, and may be nil;
// so is what RotateKey reports.
func (s *Store) RotateKey(ctx context.Context, progress func(RewriteProgress)) error {
	return s.engine.RotateKey(ctx, progress)
}

// Rewrap has another KeyWrapper, such as another key file or passphrase, encrypt the
// store's keys. No data is touched, and writes do not wait for the wrapper. When Rewrap
// returns nil, the new wrapper opens the store and the old one does not; after an error
// the old one does. After ErrOutcomeUnknown it is one of the two, and the store is
// read-only until it is opened again.
//
// A copy of the keyset file from before still opens with the old wrapper, and reads what
// was written so far: where that matters, call [Store.RotateKey] afterwards.
//
// It reports ErrKey, or the wrapper's own error, ErrNoKey for nil, ErrReadOnly,
// ErrClosed, the error of ctx, or one of the disk.
func (s *Store) Rewrap(ctx context.Context, wrapper KeyWrapper) error {
	if wrapper == nil {
		return ErrNoKey
	}
	return s.engine.Rewrap(ctx, wrapper)
}
