package datastore

import (
	"context"
	"fmt"
	"sync"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/search"
)

// A Store is an open data store. It is safe for use by many goroutines: one
// writer inside, and readers that never wait for it or for a disk.
type Store struct {
	options Options
	log     *txlog.Log
	index   *index.Index
	engine  *search.Engine

	parameters parameters
	stop       context.CancelFunc // ends the filler and the sweeper

	queue   chan *commit
	written chan struct{} // closed when the writer has ended
	swept   chan struct{} // closed when the sweeper has ended
	behind  bool          // the index lacks a record of the log; the writer's alone

	closing sync.RWMutex
	closed  bool // guarded by closing; queue is closed with it
}

// Open opens the store in a folder, or makes one there if the folder is empty or
// absent. The path "mem:" is a new store in memory, which goes with Close and is
// sealed like any other. opts may be nil.
//
// It reports ErrNoKey, ErrWrongKey, ErrLocked, ErrForeign or ErrCorrupt, and
// what is wrong with opts. Opening takes time: about two seconds for a million
// versions.
func Open(ctx context.Context, path string, opts *Options) (*Store, error) {
	options, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	log, err := txlog.Open(ctx, path, &txlog.Options{Wrapper: options.Key, Zone: options.Zone.String()})
	if err != nil {
		return nil, fmt.Errorf("datastore: opening: %w", err)
	}
	s, err := newStore(ctx, log, options)
	if err != nil {
		log.Close()
		return nil, err
	}
	return s, nil
}

// newStore makes a store over an open log: it applies the log and starts the
// writer, the filler and the sweeper.
func newStore(ctx context.Context, log *txlog.Log, options Options) (*Store, error) {
	given, err := givenDefinitions(options.SearchParameters)
	if err != nil {
		return nil, err
	}
	settings := search.Settings{Zone: options.Zone, Base: options.BaseURL}
	s := &Store{
		options: options,
		log:     log,
		index:   index.NewWith(log.HashKey(), settings.Settle()),
		queue:   make(chan *commit, queueLength),
		written: make(chan struct{}),
		swept:   make(chan struct{}),
	}
	pages, err := pageKey(log.HashKey())
	if err != nil {
		return nil, fmt.Errorf("datastore: opening: %w", err)
	}
	s.engine = search.New(s.index, search.Options{
		Settings: settings, Values: s.payloadOf, Documents: s.document, PageKey: pages, Now: options.Now,
		Queries: options.Queries,
	})
	if err := s.replay(ctx); err != nil {
		return nil, fmt.Errorf("datastore: opening: %w", err)
	}
	s.parameters.given = given
	s.parameters.wake = make(chan struct{}, 1)
	s.parameters.filled = make(chan struct{})
	s.define()
	beside, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.write()
	go s.fill(beside)
	go s.keepSwept(beside)
	return s, nil
}

// Close waits for writes under way and releases the store. Closing again does
// nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	if !s.closed {
		s.closed = true
		close(s.queue)
	}
	s.closing.Unlock()
	s.stop()
	<-s.written
	<-s.parameters.filled
	<-s.swept
	return s.log.Close()
}

// open reports ErrClosed after Close.
func (s *Store) open() error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return ErrClosed
	}
	return nil
}
