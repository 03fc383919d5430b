package ingest

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// chunksPerWorker is how many chunks may be between reader and committer for each
// worker: one that is worked on, and enough to work on while a commit is synced.
const chunksPerWorker = 3

// queuePerWorker bounds the chunks between reader and committer by number, where
// they are too small to be bounded by their bytes.
const queuePerWorker = 16

// A pipeline is the way of chunks through a job: one reader, workers, and one
// committer that takes chunks in the reader's order.
type pipeline struct {
	job     *Job
	work    chan *chunk
	order   chan *chunk
	budget  *semaphore.Weighted // bytes between reader and committer
	limit   int64               // of the budget; a longer line goes alone
	buffers sync.Pool           // of *[]byte, for cuts
}

// pipe runs the pipeline until it is through, or something stops it.
func (j *Job) pipe(ctx context.Context) error {
	workers := j.options.Workers
	limit := int64(chunksPerWorker * workers * chunkSize)
	g, ctx := errgroup.WithContext(ctx)
	p := &pipeline{
		job:    j,
		work:   make(chan *chunk, queuePerWorker*workers),
		order:  make(chan *chunk, queuePerWorker*workers),
		budget: semaphore.NewWeighted(limit),
		limit:  limit,
	}
	g.Go(jobs.Guard(func() error { return p.read(ctx) }))
	for range workers {
		g.Go(jobs.Guard(func() error { return p.prepare(ctx) }))
	}
	g.Go(jobs.Guard(func() error { return p.commit(ctx) }))
	return g.Wait()
}

// read cuts the sources and sends the chunks on.
func (p *pipeline) read(ctx context.Context) error {
	defer close(p.work)
	defer close(p.order)
	if err := p.job.nameAll(ctx); err != nil {
		return err
	}
	for i := range p.job.sources {
		s, done := &p.job.sources[i], int64(0)
		switch {
		case i < p.job.from.File:
			if p.job.from.Pass == 0 {
				p.job.read.Add(s.size)
			}
			continue
		case i == p.job.from.File:
			done = p.job.from.Line
		}
		if p.job.from.Pass > 0 && len(p.job.asides.from(i, 0)) == 0 {
			continue
		}
		of := chunk{job: p.job, source: s, file: i, done: done}
		if err := p.readSource(ctx, of); err != nil {
			return err
		}
		of.ends = true
		if err := p.send(ctx, of, cut{}); err != nil {
			return err
		}
	}
	return nil
}

// readSource sends the chunks of one source; they are like of. What is wrong with the source is a chunk as well; the error is the context's.
func (p *pipeline) readSource(ctx context.Context, of chunk) (err error) {
	s, read := of.source, &p.job.read
	if p.job.from.Pass > 0 {
		read = new(atomic.Int64) // was counted
	}
	file, err := s.openWithin(ctx)
	if err != nil {
		return p.send(ctx, of, unreadable(1, 0, err))
	}
	defer func() { err = closeWithin(ctx, file, err) }()
	text, err := newDecoder(ctx, file, read, p.job.options.MaxUnpacked)
	if err != nil {
		return p.send(ctx, of, unreadable(1, 0, err))
	}
	defer text.close()
	limit := p.job.store.MaxResourceSize()
	if s.whole {
		return p.send(ctx, of, wholeCut(text, limit))
	}
	if s.bundle {
		return p.readBundle(ctx, of, text)
	}
	c := cutter{text: text, size: chunkSize, limit: limit, line: 1}
	lines := lineUnpacker{pipeline: p, of: of}
	for {
		part, err := c.next(p.buffer())
		switch {
		case err == io.EOF:
			return nil
		case s.unpack:
			err = lines.send(ctx, part)
		default:
			err = p.send(ctx, of, part)
		}
		if err != nil {
			return err
		}
	}
}

// closeWithin closes a file that was read, unless ctx ends before. It returns err, or
// what a file of the caller's own did.
func closeWithin(ctx context.Context, file io.Closer, err error) error {
	if closed := jobs.Await(ctx, file.Close); errors.Is(closed, datastore.ErrCallback) && err == nil {
		return closed
	}
	return err
}

// send hands a chunk to the committer and, unless it only ends a source, to the
// workers, once the budget has room for it.
func (p *pipeline) send(ctx context.Context, of chunk, part cut) error {
	c := &of
	c.cut = part
	if c.line == 0 {
		c.line = c.first
	}
	if err := ctx.Err(); err != nil {
		return err // and not a fault of the source
	}
	c.prepared = make(chan struct{})
	// What is told of a bad line takes room as well.
	c.weight = min(max(int64(len(c.data)), outcomeSize*c.lineEnds), p.limit)
	if err := p.budget.Acquire(ctx, c.weight); err != nil {
		return err
	}
	if c.ends {
		close(c.prepared)
		return put(ctx, p.order, c)
	}
	if err := put(ctx, p.order, c); err != nil {
		return err
	}
	return put(ctx, p.work, c)
}

func put(ctx context.Context, to chan<- *chunk, c *chunk) error {
	select {
	case to <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// prepare is a worker.
func (p *pipeline) prepare(ctx context.Context) error {
	checks := []datastore.WriteOption{datastore.Imported(), datastore.IfChanged(), datastore.ResolveReferences(), datastore.Validation(p.job.options.Validation)}
	if !p.job.options.Invariants {
		checks = append(checks, datastore.WithoutInvariants())
	}
	for c := range p.work {
		if err := c.prepare(ctx, p.job.store, checks); err != nil {
			return err
		}
		p.release(c.data)
		c.data = nil
		close(c.prepared)
	}
	return nil
}

// buffer returns memory for a cut.
func (p *pipeline) buffer() []byte {
	if b, ok := p.buffers.Get().(*[]byte); ok {
		return *b
	}
	return nil
}

// release takes memory back, but for that of a very long line.
func (p *pipeline) release(b []byte) {
	if cap(b) <= 2*chunkSize {
		p.buffers.Put(&b)
	}
}
