package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
)

// RewriteProgress is the progress of [Store.Rewrite]. Done of Total bytes of the store
// have been looked at, in sizes before rewriting; After is the present size of the Done
// bytes.
type RewriteProgress = engine.RewriteProgress

// Rewrite makes the store as small as this version of the library can. Everything that
// is durable when it begins is packed anew, on half of the cores, each of which does
// some ten megabytes of resources a second. Search values that another version of the
// library extracted are extracted anew, so that the next opening need not do it.
// Replaced values of named states are dropped. Resources, histories, version ids,
// times, and the answers of searches stay as they are, and so do page tokens, snapshots
// and heads.
//
// Others may read and write meanwhile. Rewrite works on one stretch of some megabytes
// at a time. At every moment the store has the old or the new form of a stretch: ctx,
// Close or a crash may stop Rewrite anywhere, and the next call goes on. A second call
// waits for the first. progress, which may be nil, is called after each stretch, one
// call at a time; a panic of progress ends Rewrite with ErrCallback. The disk needs
// room for one more stretch: 16 MiB, or the largest resource.
//
// Rewrite reports ErrReadOnly, ErrClosed, ErrCorrupt, the error of ctx, or one of the
// disk; after ErrOutcomeUnknown the store is read-only until it is opened again.
func (s *Store) Rewrite(ctx context.Context, progress func(RewriteProgress)) error {
	_, err := s.engine.Rewrite(ctx, progress)
	return err
}
