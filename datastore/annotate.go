package datastore

import "context"

// WaitAnnotated waits until all documents that are written by now were annotated in the
// background. Without Options.AnnotateLater it returns at once. It reports ErrClosed,
// the error of ctx, or the error that ended the annotation until the store is opened
// again.
func (s *Store) WaitAnnotated(ctx context.Context) error { return s.engine.WaitAnnotated(ctx) }
