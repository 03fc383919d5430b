package datastore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"
)

// A preload is the work of Options.Preload.
type preload struct {
	store *Store
	from  func(context.Context) (io.ReadCloser, error)
	level Level // at which lines are checked
}

// preloadState is the name of the state that keeps the progress of a preload. The store
// has it from before the first resource until after the last.
const preloadState = "preload"

// preloadChunk is how many bytes of lines are one commit. There are a few of them in
// memory for each core.
const preloadChunk = 1 << 20

// A preloaded is the progress of a preload.
type preloaded struct {
	Lines int64  `json:"lines"` // that are durable, blank ones included
	Sum   uint32 `json:"sum"`   // CRC-32C of these lines, which tells another source
}

var preloadTable = crc32.MakeTable(crc32.Castagnoli)

// with returns p with one more line.
func (p preloaded) with(line []byte) preloaded {
	return preloaded{p.Lines + 1, crc32.Update(p.Sum, preloadTable, line)}
}

// A preloadPart goes from the reader to a worker, and then to the committer.
type preloadPart struct {
	lines    []byte // each with a newline
	first    int64  // number of the first line
	position preloaded
	tx       *Transaction
	prepared chan struct{} // closed by the worker
}

// preload fills a new store, or goes on filling one whose preload did not finish.
func (s *Store) preload(ctx context.Context, from func(context.Context) (io.ReadCloser, error), level Level) error {
	kept, err := s.engine.State(ctx, preloadState)
	if err != nil {
		return err
	}
	if kept == nil && (from == nil || s.engine.Options().ReadOnly || s.Head().Sequence() > 0) {
		return nil
	}
	if from == nil || s.engine.Options().ReadOnly {
		return fmt.Errorf("%w: it is not finished; open the store with Options.Preload to go on, or make another store", ErrPreload)
	}
	var at preloaded
	if kept != nil {
		if err := json.Unmarshal(kept, &at); err != nil {
			return fmt.Errorf("%w: the state of the preload", ErrCorrupt)
		}
	}
	if err := s.keepPreload(ctx, nil, &at); err != nil {
		return err
	}
	if err := (&preload{s, from, level}).fill(ctx, at); err != nil {
		return fmt.Errorf("%w: %w", ErrPreload, err)
	}
	return s.keepPreload(ctx, nil, nil)
}

// keepPreload commits operations together with the position behind them. No position
// says that the preload is done.
func (s *Store) keepPreload(ctx context.Context, ops []engine.Op, at *preloaded) error {
	var value []byte
	if at != nil {
		var err error
		if value, err = json.Marshal(at); err != nil {
			return err
		}
	}
	_, err := s.engine.Commit(ctx, &engine.Commit{Ops: ops, States: []engine.State{{Name: preloadState, Value: value}}})
	return err
}

// fill reads lines behind a position and commits them in order, prepared on all cores.
func (l *preload) fill(ctx context.Context, at preloaded) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := runtime.GOMAXPROCS(0)
	order := make(chan *preloadPart, 2*workers)
	work := make(chan *preloadPart, 2*workers)
	readErr := fmt.Errorf("%w: Options.Preload ended its goroutine", ErrCallback)
	go func() {
		defer close(work)
		defer close(order)
		readErr = l.read(ctx, at, func(p *preloadPart) error {
			for _, to := range []chan<- *preloadPart{order, work} {
				select {
				case to <- p:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}()
	// The reader is not one of the group: a source that hangs does not keep Open from
	// returning when the caller's context ends.
	g, within := errgroup.WithContext(ctx)
	for range workers {
		g.Go(func() error { return eachPart(within, work, l.prepare) })
	}
	g.Go(func() error { return eachPart(within, order, l.commit) })
	if err := g.Wait(); err != nil {
		return err
	}
	return readErr // the channels are closed, so the reader has ended
}

// eachPart calls do with each part until there are no more.
func eachPart(ctx context.Context, parts <-chan *preloadPart, do func(context.Context, *preloadPart) error) error {
	for {
		select {
		case p, more := <-parts:
			if !more {
				return nil
			}
			if err := do(ctx, p); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// prepare prepares the lines of a part.
func (l *preload) prepare(ctx context.Context, p *preloadPart) error {
	p.tx = l.store.Begin()
	number := p.first
	for line := range bytes.Lines(p.lines) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if _, err := p.tx.Update(ctx, line, Imported(), Validation(l.level)); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
		}
		number++
	}
	p.lines = nil
	close(p.prepared)
	return nil
}

// commit writes a part once it is prepared.
func (l *preload) commit(ctx context.Context, p *preloadPart) error {
	select {
	case <-p.prepared:
		return l.store.keepPreload(ctx, p.tx.ops, &p.position)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read passes over the lines up to a position, and sends those behind it. A
// panic of the source is an error: its text may quote data.
func (l *preload) read(ctx context.Context, at preloaded, send func(*preloadPart) error) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%w: Options.Preload panicked", ErrCallback)
		}
	}()
	source, err := l.from(ctx)
	if err != nil {
		return err
	}
	if source == nil {
		return fmt.Errorf("%w: Options.Preload returned no reader", ErrCallback)
	}
	defer source.Close()
	lines := bufio.NewScanner(source)
	lines.Buffer(nil, l.store.MaxResourceSize()+len("\r\n"))
	var here preloaded
	for here.Lines < at.Lines && lines.Scan() {
		here = here.with(lines.Bytes())
	}
	if lines.Err() == nil && here != at {
		return errors.New("the source gives other lines than when the preload began; give the one it began with, or make another store")
	}
	part := &preloadPart{first: here.Lines + 1}
	flush := func() error {
		part.position, part.prepared = here, make(chan struct{})
		err := send(part)
		part = &preloadPart{first: here.Lines + 1}
		return err
	}
	for lines.Scan() {
		here = here.with(lines.Bytes())
		part.lines = append(append(part.lines, lines.Bytes()...), '\n')
		if len(part.lines) >= preloadChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("%w: line %d is longer than Options.MaxResourceSize", ErrInvalid, here.Lines+1)
	} else if err != nil {
		return fmt.Errorf("line %d: %w", here.Lines+1, err)
	}
	return flush()
}
