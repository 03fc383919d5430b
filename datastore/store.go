package datastore

import (
	"cmp"
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
)

// A Store is an open data store. It is safe for use by many goroutines: one
// writer inside, and readers that never wait for it or for a disk.
type Store struct {
	engine    *engine.Engine
	base      string // at which clients reach it, "" if that is not known
	level     Level  // of writes; never zero
	pageBytes int    // of Options.MaxPageBytes
	metrics   func(Operation)
	rights    *access.Rights // of the caller; nil permits everything
}

// Open opens the store in a folder, or makes one there if the folder is empty or
// absent. The path "mem:" is a new store in memory, which is gone after Close and is
// sealed like any other. opts may be nil.
//
// It reports ErrNoKey, ErrWrongKey, ErrLocked, ErrNoStore, ErrForeign, ErrUnsupported,
// ErrPreload or ErrCorrupt, and all that is wrong with opts. Opening takes time:
// about two seconds for a million versions.
func Open(ctx context.Context, path string, opts *Options) (*Store, error) {
	filled, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(ctx, path, filled.engine())
	if err != nil {
		return nil, err
	}
	return begin(ctx, e, &filled)
}

// begin returns the store of an engine, given filled options, once it is preloaded.
func begin(ctx context.Context, e *engine.Engine, o *Options) (*Store, error) {
	s := newStore(e, o)
	if err := s.preload(ctx, o.Preload, cmp.Or(o.Validation, WithoutInvariants)); err != nil {
		s.Close() // the first error is the one that matters
		return nil, err
	}
	return s, nil
}

// newStore returns the store of an engine, given filled options.
func newStore(e *engine.Engine, o *Options) *Store {
	return &Store{engine: e, base: o.BaseURL, level: cmp.Or(o.Validation, Strict), pageBytes: o.MaxPageBytes, metrics: o.Metrics}
}

// Close waits for writes under way and releases the store. Closing again does
// nothing.
func (s *Store) Close() error { return s.engine.Close() }

// ServedAt returns the store as clients reach it at an address, in place of
// [Options.BaseURL]: criteria, conditional references and the requests of a Bundle may be
// absolute below it, and the links of a Bundle's answers begin with it. It is the same
// store: closing one closes the other.
func (s *Store) ServedAt(base string) *Store {
	at := *s
	at.base = strings.TrimRight(base, "/")
	return &at
}

// Writable reports why the store takes no writes: ErrClosed, or ErrReadOnly with its cause,
// as after a write that the disk did not confirm. It is nil for a store that does.
func (s *Store) Writable() error { return s.engine.Writable() }

// StoreID returns the random identifier of the store, 32 hexadecimal digits. A copy of its
// folder has the same.
func (s *Store) StoreID() string {
	id := s.engine.StoreID()
	return hex.EncodeToString(id[:])
}

// Created returns when the store was made: UTC, microseconds.
func (s *Store) Created() time.Time { return s.engine.Created() }

// MaxResourceSize returns the size in bytes up to which the store takes a
// resource.
func (s *Store) MaxResourceSize() int { return s.engine.Options().MaxResourceSize }
