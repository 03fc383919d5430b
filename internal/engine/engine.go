package engine

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bits-and-blooms/bitset"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/pagetoken"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// An Engine is an open store: log, index and the goroutines that work on them. It is
// safe for use by many goroutines: one writer inside, and readers that never wait for
// it or for a disk.
type Engine struct {
	options Options
	log     Log
	index   *index.Index
	search  *exec.Engine
	pages   pagetoken.Key // of histories
	packing packing
	numbers numbering
	states  states
	erased  erased
	noted   bitset.BitSet // key slots whose patient the log knows; the writer's alone

	checkpoints checkpoints
	scrub       scrub

	clock      timer
	ids        turn // of Options.NewID
	parameters parameters
	follower   follower
	published  signal       // told whenever commits were applied
	hanging    atomic.Int32 // calls of the annotator that nobody waits for and that have not returned

	// The writer's alone, once the log was applied.
	sequence  uint64 // of the last commit applied
	time      int64  // its time
	unsettled []byte // the settings that the next commit has to keep; nil for none
	warned    bool   // the logger was told that the store is nearly full

	background context.Context    // ends when the engine is closed
	stop       context.CancelFunc // ends background, and with it the filler and the sweeper
	ending     chan struct{}      // closed when closing begins
	queue      chan *submission
	written    chan struct{} // closed when the writer has ended
	filled     chan struct{} // closed when the filler has ended
	swept      chan struct{} // closed when the sweeper has ended
	rewriting  chan struct{} // holds a value while the log is rewritten or verified, or a rotation runs
	rotation   resumption
	backups    sync.Mutex // held to read and write backupState

	closeOnce sync.Once
	closing   sync.RWMutex
	closed    bool // guarded by closing; queue is closed with it

	stopped struct {
		mu  sync.Mutex
		err error // why nothing is written any more
	}
}

// Open opens the store in a folder, or makes one there. The path "mem:" is a new
// store in memory.
func Open(ctx context.Context, path string, options Options) (*Engine, error) {
	options.Logger = careful(options.Logger)
	log, err := txlog.Open(ctx, path, options.log())
	if err != nil {
		return nil, fmt.Errorf("datastore: opening: %w", err)
	}
	e, err := Start(ctx, log, options)
	if err != nil {
		log.Close() // the first error is the one that matters
		return nil, err
	}
	return e, nil
}

// Start makes an engine of an open log: it applies the log and starts the writer, the
// filler and the sweeper. The engine owns the log from then on.
func Start(ctx context.Context, log Log, options Options) (*Engine, error) {
	options.Logger = careful(options.Logger)
	given, err := givenDefinitions(options.SearchParameters)
	if err != nil {
		return nil, err
	}
	if options.AnnotateTimeout == 0 {
		options.AnnotateTimeout = DefaultAnnotateTimeout
	}
	settings := param.Settings{Zone: options.Zone, Base: options.BaseURL}
	e := &Engine{
		options:   options,
		log:       log,
		queue:     make(chan *submission, queueLength),
		written:   make(chan struct{}),
		filled:    make(chan struct{}),
		swept:     make(chan struct{}),
		ending:    make(chan struct{}),
		rewriting: make(chan struct{}, 1),
	}
	e.checkpoints.version = param.Version
	fresh := func() *index.Index {
		x := index.NewWith(log.HashKey(), settings.Settle())
		if options.Limits != nil {
			x.Limit(*options.Limits)
		}
		return x
	}
	e.background, e.stop = context.WithCancel(context.Background())
	pages, err := pageKey(log.HashKey())
	if err != nil {
		return nil, fmt.Errorf("datastore: opening: %w", err)
	}
	e.pages = pagetoken.NewKey(pages)
	checkpoint, err := e.restore(ctx, fresh)
	if err != nil {
		e.stop()
		return nil, fmt.Errorf("datastore: opening: %w", err)
	}
	e.search = exec.New(e.index, exec.Options{
		Settings: settings, Values: e.payloadOf, Documents: e.Document, PageKey: pages,
		Now: e.searchTime, Queries: e.guardedQueries(), CostLimit: options.MaxSearchCost,
	})
	if err = e.packing.open(log); err == nil && checkpoint != nil {
		err = e.continueFrom(ctx, checkpoint)
	}
	if err == nil {
		err = e.replay(ctx)
	}
	if err == nil {
		err = e.packing.start(ctx, options.Logger)
	}
	if err != nil {
		e.stop()
		return nil, fmt.Errorf("datastore: opening: %w", err)
	}
	if options.ReadOnly && e.stopped.err == nil {
		e.stopped.err = fmt.Errorf("%w: it was opened for reading", ErrReadOnly)
	}
	if err := e.loadErased(ctx); err != nil {
		e.stop()
		return nil, fmt.Errorf("datastore: opening: %w", err)
	}
	e.compareSettings(ctx)
	e.parameters.given = given
	e.define()
	e.search.Custom().UseFilled()
	go e.write()
	go e.fill(e.background)
	go e.keepSwept(e.background)
	e.checkpoints.start(e)
	e.scrub.start(e)
	if err = e.resumeErasures(ctx); err == nil {
		e.resume()
		err = e.follow(ctx)
	}
	if err == nil && e.Last().Last() == 0 {
		err = e.WaitIndexed(ctx) // at once: there is nothing to index
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close waits for writes under way and releases the store. Closing again only waits for
// that.
func (e *Engine) Close() (err error) {
	e.closeOnce.Do(func() { err = e.close() })
	return err
}

func (e *Engine) close() error {
	e.closing.Lock()
	if !e.closed {
		e.closed = true
		close(e.ending)
		close(e.queue)
	}
	e.closing.Unlock()
	<-e.written // what was handed over is written, before background ends
	e.stop()
	<-e.filled
	<-e.swept
	e.rotation.stop()
	if e.follower.done != nil {
		<-e.follower.done
	}
	e.checkpoints.running.Wait()
	e.scrub.running.Wait()
	e.checkpointAtClose()
	e.published.tell() // whoever follows the log sees that it is closed
	return e.log.Close()
}

// Open reports ErrClosed after Close.
func (e *Engine) Open() error {
	e.closing.RLock()
	defer e.closing.RUnlock()
	if e.closed {
		return ErrClosed
	}
	return nil
}

// Search returns the search engine over the store's index.
func (e *Engine) Search() *exec.Engine { return e.search }

// Options returns the options that the engine was opened with.
func (e *Engine) Options() *Options { return &e.options }

// Head returns the pin of the newest commit.
func (e *Engine) Head() txlog.Pin { return e.log.Head() }

// StoreID returns the random identifier of the store, and Created when it was made.
func (e *Engine) StoreID() [16]byte  { return e.log.StoreID() }
func (e *Engine) Created() time.Time { return e.log.Created() }

// Document parses the stored form of a version.
func (e *Engine) Document(o index.Ordinal, doc *fhirjson.Document) error {
	b := readBuffers.Get().(*buffers)
	defer readBuffers.Put(b)
	if err := e.stored(o, b); err != nil {
		return err
	}
	// The document refers to its source for as long as it is used.
	return ParseStored(append([]byte(nil), b.stored...), doc)
}

// payloadOf appends the values of a stored version to dst, for package search.
func (e *Engine) payloadOf(o index.Ordinal, dst []byte) ([]byte, error) {
	b := readBuffers.Get().(*buffers)
	defer readBuffers.Put(b)
	part, err := e.log.Values(e.numbers.of(o), b.body[:0])
	if err != nil {
		return nil, goneError(err)
	}
	b.body = part
	h, block, err := splitItem(part)
	if err != nil {
		return nil, err
	}
	if h.deleted {
		return dst, nil
	}
	if h.extractor != param.Version(h.typ) {
		return e.extractAgain(o, dst)
	}
	at := len(dst)
	payload, err := e.packing.unpack(dst, block)
	if err == nil && param.Stale(h.typ, h.extractor, payload[at:]) {
		return e.extractAgain(o, dst)
	}
	return payload, err
}

// extractAgain appends to dst the values of a stored version, extracted from its
// body, because they were written by another version of the extractor.
func (e *Engine) extractAgain(o index.Ordinal, dst []byte) ([]byte, error) {
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	if err := e.Document(o, &c.doc); err != nil {
		return nil, err
	}
	c.builder.Reset()
	if err := e.search.Extract(&c.doc, &c.builder); err != nil {
		return nil, err
	}
	return append(dst, c.builder.Payload()...), nil
}

// pageKey derives the key that authenticates page tokens, so that tokens outlive
// the process.
func pageKey(hashKey [16]byte) ([]byte, error) {
	return hkdf.Key(sha256.New, hashKey[:], nil, "fhirlake page tokens", 32)
}

// A signal wakes all goroutines that wait for it at once.
type signal struct {
	mu      sync.Mutex
	changed chan struct{}
}

// tell wakes the waiting goroutines.
func (s *signal) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// wait returns a channel that is closed the next time.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}
