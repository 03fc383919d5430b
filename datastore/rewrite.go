package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
)

// Rewrite makes the store as small as this version of the library can. Everything that
// is durable when it begins is packed anew, on half of the cores, at
// some ten megabytes of resources a second and core. Search values that another version of the
// library extracted are extracted anew, so that the next opening need not do it.
// Replaced values of named states are dropped. Resources, histories, version ids,
// times, and the answers of searches stay as they are, and so do page tokens, snapshots
// and heads.
//
// Others may read and write meanwhile. Rewrite works on some megabytes at a time, and
// the store has their old or their new form at every moment: ctx, Close or a crash may
// stop it anywhere, and the next call goes on with what is left. A second call waits for
// the first. progress, which may be nil, is called after each part, one call at a time:
// done of total bytes of the store have been looked at, both counted as they were before,
// and after is what that part takes now. One that panics ends Rewrite with ErrCallback. The disk needs room for one part more,
// at most 16 MiB or the largest resource.
//
// Rewrite reports ErrReadOnly, ErrClosed, ErrCorrupt, the error of ctx, or one of the
// disk; after ErrOutcomeUnknown the store is read-only until it is opened again.
func (s *Store) Rewrite(ctx context.Context, progress func(done, total, after int64)) error {
	var tell func(engine.RewriteProgress)
	if progress != nil {
		tell = func(p engine.RewriteProgress) { progress(p.Done, p.Total, p.After) }
	}
	_, err := s.engine.Rewrite(ctx, tell)
	return err
}
