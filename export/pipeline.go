package export

import (
	"context"
	"sync"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"golang.org/x/sync/errgroup"
)

const (
	// partLength is how many versions a part has at most: some hundred kilobytes of
	// common resources, which is much beside handing them over.
	partLength = 256
	// pageSize is the size at which a page is handed to the writer. Only a part of
	// large resources has more than one.
	pageSize = 1 << 20
	// partsPerWorker is how many parts may be under way for each worker.
	partsPerWorker = 2
)

// A part is a run of versions of one type.
type part struct {
	resourceType string
	versions     []datastore.Ordinal
	pages        chan page // closed after the last, or where the job stops
}

// A page is the lines of some versions of a part.
type page struct {
	lines []byte
	count int64
}

// A pipeline is the way of parts through a job: one lister, workers, and one
// writer that takes parts in the lister's order.
type pipeline struct {
	job     *Job
	work    chan *part
	order   chan *part
	buffers sync.Pool // of *[]byte, for pages
}

// pipe runs the pipeline until it is through, or something stops it.
func (j *Job) pipe(ctx context.Context) error {
	workers := j.options.Workers
	g, ctx := errgroup.WithContext(ctx)
	p := &pipeline{
		job:   j,
		work:  make(chan *part, partsPerWorker*workers),
		order: make(chan *part, partsPerWorker*workers),
	}
	g.Go(jobs.Guard(func() error { return p.list(ctx) }))
	for range workers {
		g.Go(jobs.Guard(func() error { return p.open(ctx) }))
	}
	g.Go(jobs.Guard(func() error { return p.write(ctx) }))
	return g.Wait()
}

// list cuts the types into parts and sends them on.
func (p *pipeline) list(ctx context.Context) error {
	defer close(p.work)
	defer close(p.order)
	for _, name := range p.job.options.Types {
		versions, err := p.job.snapshot.Current(name)
		if err != nil {
			return err
		}
		next := newPart(name)
		for o := range versions {
			next.versions = append(next.versions, o)
			if len(next.versions) == partLength {
				if err := p.send(ctx, next); err != nil {
					return err
				}
				next = newPart(name)
			}
		}
		if len(next.versions) > 0 {
			if err := p.send(ctx, next); err != nil {
				return err
			}
		}
	}
	return nil
}

func newPart(resourceType string) *part {
	return &part{
		resourceType: resourceType,
		versions:     make([]datastore.Ordinal, 0, partLength),
		pages:        make(chan page, 1),
	}
}

// send hands a part to the writer and to the workers. The writer gets it first,
// so that it never waits for a part that is behind one it was not told of.
func (p *pipeline) send(ctx context.Context, next *part) error {
	for _, to := range []chan<- *part{p.order, p.work} {
		select {
		case to <- next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// open is a worker: it makes pages of parts.
func (p *pipeline) open(ctx context.Context) error {
	for next := range p.work {
		if err := p.openPart(ctx, next); err != nil {
			return err
		}
		close(next.pages)
	}
	return nil
}

func (p *pipeline) openPart(ctx context.Context, next *part) error {
	current := page{lines: p.buffer()}
	for i, o := range next.versions {
		var err error
		if current.lines, err = p.job.snapshot.AppendJSON(current.lines, o); err != nil {
			return err
		}
		current.lines = append(current.lines, '\n')
		current.count++
		if len(current.lines) < pageSize && i < len(next.versions)-1 {
			continue
		}
		select {
		case next.pages <- current:
		case <-ctx.Done():
			return ctx.Err()
		}
		current = page{lines: p.buffer()}
	}
	p.release(current.lines)
	return nil
}

// buffer returns memory for a page.
func (p *pipeline) buffer() []byte {
	if b, ok := p.buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

// release takes memory back, but for that of a very large resource.
func (p *pipeline) release(b []byte) {
	if cap(b) <= 2*pageSize {
		p.buffers.Put(&b)
	}
}
