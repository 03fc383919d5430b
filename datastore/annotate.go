package datastore

import "context"

// WaitAnnotated waits until all documents that are written by now were annotated in the
// background (Options.AnnotateLater); otherwise there is nothing to wait for. It reports
// ErrClosed, the error of ctx, or the one that ended the annotation until the store is
// opened again.
func (s *Store) WaitAnnotated(ctx context.Context) error { return s.engine.WaitAnnotated(ctx) }
