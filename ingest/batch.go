package ingest

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
)

const (
	// batchRoom is the room below which a batch takes no more text.
	batchRoom = 64 << 10
	// batchChunks is how many chunks a batch has at most, however small they are.
	batchChunks = 256
	// batchPatience is how long a batch that has room waits for the next file to open.
	batchPatience = 50 * time.Millisecond
)

// A batch is chunks that follow each other, of one source or of several. A worker
// prepares it, and then the committer commits it. It is for one goroutine at a time.
type batch struct {
	chunks []*chunk
	buffer []byte // for the text of the chunks
	used   int
	lines  int64
	weight int64 // share of the pipeline's budget

	prepared chan struct{} // closed by the worker, which sets tx
	tx       *datastore.Transaction
}

// room is the memory that is left for text.
func (b *batch) room() []byte { return b.buffer[b.used:b.used:cap(b.buffer)] }

// add adds a chunk, whose text may lie in the room of the batch.
func (b *batch) add(c *chunk) {
	if n := len(c.data); n > 0 && n <= cap(b.buffer)-b.used && &c.data[0] == &b.buffer[:b.used+1][b.used] {
		b.used += n
	}
	b.chunks = append(b.chunks, c)
	b.lines += c.lineEnds
	// The report of a line takes room as well.
	b.weight += max(int64(len(c.data)), outcomeSize*c.lineEnds)
}

// full reports whether the batch takes no more text.
func (b *batch) full() bool {
	return cap(b.buffer)-b.used < batchRoom || b.weight >= chunkSize || b.lines >= chunkLines || len(b.chunks) >= batchChunks
}

// isDone reports whether the batch has nothing to commit.
func (b *batch) isDone() bool {
	for _, c := range b.chunks {
		if !c.ends && !c.isDone() {
			return false
		}
	}
	return true
}

// prepare fills the transaction of the batch. An error stops the run.
func (b *batch) prepare(ctx context.Context, store *datastore.Store, checks []datastore.WriteOption) error {
	b.tx = store.Begin()
	b.tx.SkipOutOfOrder() // of lines that keep their versions
	for _, c := range b.chunks {
		c.tx = b.tx
		if c.ends {
			continue
		}
		if err := c.prepare(ctx, store, checks); err != nil {
			return err
		}
		c.data = nil
	}
	return nil
}

// A reader cuts the sources into chunks, and puts them into batches.
type reader struct {
	*pipeline
	ahead *ahead
	batch *batch
}

// read reads the sources, and sends the batches on.
func (p *pipeline) read(ctx context.Context) error {
	defer close(p.work)
	defer close(p.order)
	r := &reader{pipeline: p, ahead: newAhead(ctx, p.job), batch: p.newBatch()}
	defer r.ahead.close()
	if err := p.job.nameAll(ctx); err != nil {
		return err
	}
	for {
		next, err := r.next(ctx)
		if err != nil {
			return err
		}
		if next == nil {
			return r.flush(ctx)
		}
		done := int64(0)
		switch from := &p.job.from; {
		case next.number < from.File:
			done = allLines
		case next.number == from.File:
			done = from.Line
		}
		of := chunk{job: p.job, source: next.source, file: next.number, done: done}
		if err := r.readSource(ctx, of, next); err != nil {
			return err
		}
		of.ends = true
		if err := r.add(ctx, of, cut{}); err != nil {
			return err
		}
	}
}

// allLines is behind all lines of a source.
const allLines = math.MaxInt64 / 2

// next returns the next source, open, and nil after the last. If opening takes long, it
// sends the current batch on.
func (r *reader) next(ctx context.Context) (next *opening, err error) {
	next = r.ahead.next()
	if next == nil {
		return nil, nil
	}
	defer func() {
		if err != nil {
			next.leave()
		}
	}()
	if len(r.batch.chunks) > 0 {
		patience := time.NewTimer(batchPatience)
		defer patience.Stop()
		select {
		case <-next.done:
		case <-patience.C:
			if err := r.flush(ctx); err != nil {
				return next, err
			}
		case <-ctx.Done():
		}
	}
	select {
	case <-next.done:
	case <-ctx.Done():
	}
	return next, ctx.Err() // which is no fault of the source
}

// readSource adds the chunks of one source; they are like of. A fault of the source is
// a chunk as well; the error is the context's.
func (r *reader) readSource(ctx context.Context, of chunk, from *opening) (err error) {
	read := &r.job.read
	if r.job.from.Pass > 0 || of.done == allLines {
		read = new(atomic.Int64) // was counted
	}
	if from.err != nil {
		return r.add(ctx, of, unreadable(1, 0, from.err))
	}
	defer func() {
		if closed := from.closeFile(ctx); err == nil {
			err = closed
		}
	}()
	text, err := newDecoder(ctx, from, read, r.job.options.MaxUnpacked)
	if err != nil {
		return r.add(ctx, of, unreadable(1, 0, err))
	}
	defer text.close()
	limit := r.job.store.MaxResourceSize()
	if of.source.whole {
		return r.add(ctx, of, wholeCut(text, limit))
	}
	if of.source.bundle {
		return r.readBundle(ctx, of, text)
	}
	c := cutter{text: text, limit: limit, line: 1}
	lines := lineUnpacker{reader: r, of: of}
	for {
		room := r.batch.room()
		if c.size = cap(room); of.source.unpack { // its text is put into batches once more
			room, c.size = nil, chunkSize
		}
		part, err := c.next(room)
		switch {
		case err != nil:
			return nil // it is io.EOF
		case of.source.unpack:
			err = lines.add(ctx, part)
		default:
			err = r.add(ctx, of, part)
		}
		if err != nil {
			return err
		}
	}
}

// add adds a cut to the batch, and sends the batch on if that fills it.
func (r *reader) add(ctx context.Context, of chunk, part cut) error {
	if err := ctx.Err(); err != nil {
		return err // and not a fault of the source
	}
	of.cut = part
	if of.line == 0 {
		of.line = of.first
	}
	r.batch.add(&of)
	if r.batch.full() {
		return r.flush(ctx)
	}
	return nil
}

// flush hands the batch to the committer and to the workers, once the budget has room for
// it.
func (r *reader) flush(ctx context.Context) error {
	b := r.batch
	if len(b.chunks) == 0 {
		return nil
	}
	b.weight = min(b.weight, r.limit)
	if err := r.budget.Acquire(ctx, b.weight); err != nil {
		return err
	}
	r.batch = r.newBatch()
	if err := put(ctx, r.order, b); err != nil {
		return err
	}
	return put(ctx, r.work, b)
}

func put(ctx context.Context, to chan<- *batch, b *batch) error {
	select {
	case to <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// batchBuffers are buffers of batches: *[]byte.
var batchBuffers = sync.Pool{New: func() any { b := make([]byte, 0, chunkSize); return &b }}

func (p *pipeline) newBatch() *batch {
	return &batch{buffer: *batchBuffers.Get().(*[]byte), prepared: make(chan struct{})}
}

// release gives the memory of the text back.
func (b *batch) release() {
	buffer := b.buffer
	b.buffer = nil
	batchBuffers.Put(&buffer)
}
