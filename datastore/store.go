package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
)

// A Store is an open data store. It is safe for use by many goroutines: one
// writer inside, and readers that never wait for it or for a disk.
type Store struct{ engine *engine.Engine }

// Open opens the store in a folder, or makes one there if the folder is empty or
// absent. The path "mem:" is a new store in memory, which is gone after Close and is
// sealed like any other. opts may be nil.
//
// It reports ErrNoKey, ErrWrongKey, ErrLocked, ErrNoStore, ErrForeign, ErrUnsupported,
// ErrSettings, ErrPreload or ErrCorrupt, and all faults of opts. Opening takes time:
// about two seconds for a million versions.
func Open(ctx context.Context, path string, opts *Options) (*Store, error) {
	options, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(ctx, path, options)
	if err != nil {
		return nil, err
	}
	s := &Store{e}
	var from Preload
	if opts != nil {
		from = opts.Preload
	}
	if err := s.preload(ctx, from); err != nil {
		s.Close() // the first error is the one that matters
		return nil, err
	}
	return s, nil
}

// Close waits for writes under way and releases the store. Closing again does
// nothing.
func (s *Store) Close() error { return s.engine.Close() }

// MaxResourceSize returns the size of the largest resource that the store takes, in
// bytes.
func (s *Store) MaxResourceSize() int { return s.engine.Options().MaxResourceSize }
