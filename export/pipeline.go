package export

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
)

const (
	// batchLength is the most versions of a batch: some hundred kilobytes of common
	// resources. Handing a batch over costs little beside the work for it. A patient's block
	// is one batch of any size.
	batchLength = 256
	// chunkSize is the size at which a chunk is handed to the writer. Only a batch of
	// large resources has more than one.
	chunkSize = 1 << 20
	// yieldEvery is the number of versions after which a worker yields its processor, so
	// that reads of the store do not wait until the runtime takes it away.
	yieldEvery = 16
	// batchesPerWorker is how many batches may be under way for each worker.
	batchesPerWorker = 2
)

// A batch is a run of versions of one series.
type batch struct {
	series
	opening  []byte // a line before the versions
	versions []datastore.Ordinal
	cut      subsetter  // nil for whole resources
	chunks   chan chunk // closed after the last, or where the job stops
}

// A chunk is the lines of some versions of a batch.
type chunk struct {
	series
	lines []byte
	count int64 // without heads
	first bool  // of a batch with an opening
}

// A pipeline is the way of batches through an export: one lister, workers, and one
// consumer of chunks, which come in the lister's order.
type pipeline struct {
	choice  *choice
	skip    int64 // how many versions are left out, since an earlier run wrote them
	work    chan *batch
	order   chan *batch
	buffers sync.Pool // of *[]byte, for chunks
}

// errLeft stops a pipeline whose caller wants no more chunks.
var errLeft = errors.New("export: left")

// chunks iterates over all chunks, without the first skip versions. A chunk is valid until
// the next one.
func (c *choice) chunks(ctx context.Context, skip int64) iter.Seq2[chunk, error] {
	return func(yield func(chunk, error) bool) {
		workers := c.options.Workers
		left, cancel := context.WithCancelCause(ctx)
		g, running := errgroup.WithContext(left)
		p := &pipeline{
			choice: c,
			skip:   skip,
			work:   make(chan *batch, batchesPerWorker*workers),
			order:  make(chan *batch, batchesPerWorker*workers),
		}
		g.Go(jobs.Guard(func() error { return p.list(running) }))
		for range workers {
			g.Go(jobs.Guard(func() error { return p.open(running) }))
		}
		ended := false
		defer func() {
			if !ended { // the caller left, or panics
				cancel(errLeft)
				_ = g.Wait()
			}
			cancel(nil)
		}()
		if !p.consume(running, yield) {
			return
		}
		ended = true
		// The queue also ends if an error stopped the pipeline.
		if err := g.Wait(); err != nil {
			yield(chunk{}, err)
		} else if err := ctx.Err(); err != nil {
			yield(chunk{}, err)
		}
	}
}

// consume hands all chunks out, until ctx ends, and reports whether more are wanted.
func (p *pipeline) consume(ctx context.Context, yield func(chunk, error) bool) bool {
	for {
		next, ok := receive(ctx, p.order)
		if !ok {
			return true
		}
		for {
			current, ok := receive(ctx, next.chunks)
			if !ok {
				break
			}
			if !yield(current, nil) {
				return false
			}
			p.release(current.lines)
		}
	}
}

// receive receives from a channel, unless it is closed or ctx ends.
func receive[T any](ctx context.Context, from <-chan T) (value T, ok bool) {
	select {
	case value, ok = <-from:
	case <-ctx.Done():
	}
	return value, ok
}

// list cuts the exported versions into batches and sends them on.
func (p *pipeline) list(ctx context.Context) error {
	defer close(p.work)
	defer close(p.order)
	if p.choice.options.OrganizeBy != "" {
		if err := p.listBlocks(ctx); err != nil {
			return err
		}
	}
	runs, err := p.choice.runs()
	if err != nil {
		return err
	}
	for i := range runs {
		if err := p.listRun(ctx, &runs[i]); err != nil {
			return err
		}
	}
	return nil
}

// listRun sends the batches of a run.
func (p *pipeline) listRun(ctx context.Context, r *run) (err error) {
	next := newBatch(r)
	walked := r.walk(ctx, func(o datastore.Ordinal) bool {
		if p.skip > 0 {
			p.skip--
			return true
		}
		if next.versions = append(next.versions, o); len(next.versions) == batchLength {
			err = p.send(ctx, next)
			next = newBatch(r)
		}
		return err == nil
	})
	if err == nil {
		err = walked
	}
	if err == nil && len(next.versions) > 0 {
		err = p.send(ctx, next)
	}
	return err
}

func newBatch(r *run) *batch {
	return &batch{series: r.series, cut: r.cut, versions: make([]datastore.Ordinal, 0, batchLength), chunks: make(chan chunk, 1)}
}

// listBlocks sends the blocks of patients, each a batch.
func (p *pipeline) listBlocks(ctx context.Context) (err error) {
	cuts := map[string]subsetter{}
	for _, typ := range p.choice.types {
		if cuts[typ], err = p.choice.subsetter(typ); err != nil {
			return err
		}
	}
	var cut subsetter
	if len(p.choice.options.Elements) > 0 {
		cut = func(dst, resource []byte) ([]byte, error) {
			if cut := cuts[typeOf(resource)]; cut != nil {
				return cut(dst, resource)
			}
			return append(dst, resource...), nil
		}
	}
	listed := p.choice.blocks(ctx, func(b block) bool {
		if n := int64(len(b.versions)); p.skip >= n {
			p.skip -= n
			return true
		}
		err = p.send(ctx, &batch{
			series: series{Name: blocksName}, opening: b.opening, versions: b.versions, cut: cut, chunks: make(chan chunk, 1),
		})
		return err == nil
	})
	if err == nil {
		err = listed
	}
	return err
}

// typeOf returns the type of a resource in canonical form.
func typeOf(resource []byte) string {
	_, after, _ := bytes.Cut(resource, []byte(`"resourceType":"`))
	typ, _, _ := bytes.Cut(after, []byte{'"'})
	return string(typ)
}

// send hands a batch to the consumer and to the workers. The consumer gets it first, so it
// knows each batch before a worker opens it.
func (p *pipeline) send(ctx context.Context, next *batch) error {
	for _, to := range []chan<- *batch{p.order, p.work} {
		select {
		case to <- next:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// open is a worker: it makes chunks of batches.
func (p *pipeline) open(ctx context.Context) error {
	for next := range p.work {
		if err := p.openBatch(ctx, next); err != nil {
			return err
		}
		close(next.chunks)
	}
	return nil
}

func (p *pipeline) openBatch(ctx context.Context, next *batch) error {
	current := chunk{series: next.series, lines: append(p.buffer(), next.opening...), first: next.opening != nil}
	for i, o := range next.versions {
		var err error
		if current.lines, err = p.appendLine(current.lines, next, o); err != nil {
			return err
		}
		current.count++
		if current.count%yieldEvery == 0 {
			runtime.Gosched()
		}
		if len(current.lines) < chunkSize && i < len(next.versions)-1 {
			continue
		}
		select {
		case next.chunks <- current:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		current = chunk{series: next.series, lines: p.buffer()}
	}
	p.release(current.lines)
	return nil
}

// appendLine appends the line of a version.
func (p *pipeline) appendLine(dst []byte, of *batch, o datastore.Ordinal) (_ []byte, err error) {
	from, history := p.choice.from, p.choice.options.History
	if of.Deleted || history {
		if v := from.Describe(o); v.Deleted {
			return append(appendDeletion(dst, &v, history), '\n'), nil
		}
	}
	switch {
	case of.cut != nil:
		whole, failed := from.AppendJSON(p.buffer(), o)
		if failed != nil {
			return dst, failed
		}
		dst, err = of.cut(dst, whole)
		p.release(whole)
	default:
		dst, err = from.AppendJSON(dst, o)
	}
	return append(dst, '\n'), err
}

// buffer returns memory for a chunk.
func (p *pipeline) buffer() []byte {
	if b, ok := p.buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

// release takes memory back, except the memory of a very large resource.
func (p *pipeline) release(b []byte) {
	if cap(b) <= 2*chunkSize {
		p.buffers.Put(&b)
	}
}
