package ingest

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
)

// headLimit is how many bytes of a file, as it lies in its folder, are read before its
// turn comes.
const headLimit = 256 << 10

// An ahead opens the sources of a pass before their turn comes, and reads their start,
// so that waiting for a bucket's answers happens for many at once. Its methods are for
// one goroutine.
type ahead struct {
	ctx    context.Context
	cancel context.CancelFunc
	job    *Job
	number int // of the next source to open
	queue  []*opening
}

func newAhead(ctx context.Context, j *Job) *ahead {
	a := &ahead{job: j}
	a.ctx, a.cancel = context.WithCancel(ctx)
	return a
}

// next returns the next source of the pass, which may not be open yet, and nil after the
// last.
func (a *ahead) next() *opening {
	j := a.job
	for ; a.number < len(j.sources) && len(a.queue) < j.options.Ahead; a.number++ {
		switch s := &j.sources[a.number]; {
		case a.number < j.from.File:
			if j.from.Pass == 0 {
				j.read.Add(s.size)
			}
			if a.number >= j.firstTold() {
				a.queue = append(a.queue, open(a.ctx, s, a.number))
			}
		case j.from.Pass > 0 && !j.asides.any(a.number):
		default:
			a.queue = append(a.queue, open(a.ctx, s, a.number))
		}
	}
	if len(a.queue) == 0 {
		return nil
	}
	next := a.queue[0]
	a.queue[0] = nil
	a.queue = a.queue[1:]
	return next
}

// close closes the open files.
func (a *ahead) close() {
	a.cancel()
	_ = jobs.Finish(a.ctx, func() error {
		for _, o := range a.queue {
			o.leave()
		}
		return nil
	})
}

// An opening is a source that is opened, and then one that is open: a reader of its file.
type opening struct {
	source *source
	number int
	done   chan struct{} // closed once what follows is set
	err    error         // of opening the file
	head   []byte        // the start of the file
	file   io.ReadCloser // the rest; nil if there is none
	end    error         // what ended the file, if it is nil
	left   atomic.Bool   // whoever sets it first closes the file
	late   atomic.Bool   // nobody reads it; set before done was looked at
}

// open begins to open a source. If ctx ends before the file is open and gives its start,
// the file is closed as soon as it is open: a pipe may have no writer.
func open(ctx context.Context, s *source, number int) *opening {
	o := &opening{source: s, number: number, done: make(chan struct{})}
	opened := jobs.Begin(func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		file, err := s.open()
		if err != nil {
			return err
		}
		o.head, o.end = readHead(ctx, file, s.size)
		if o.end != nil {
			return callbackError(file.Close())
		}
		o.file = file
		return nil
	})
	go func() {
		o.err = <-opened
		close(o.done)
		if o.late.Load() || ctx.Err() != nil {
			o.leave()
		}
	}()
	return o
}

// openNow opens a source and waits for that.
func openNow(ctx context.Context, s *source) (*opening, error) {
	o := open(ctx, s, 0)
	select {
	case <-o.done:
		return o, o.err
	case <-ctx.Done():
		o.leave()
		return nil, ctx.Err()
	}
}

// readHead reads the start of a file of about the given size.
func readHead(ctx context.Context, file io.Reader, size int64) (head []byte, err error) {
	if size <= 0 || size >= headLimit {
		size = headLimit - 1
	}
	head = make([]byte, 0, size+1) // room to see the end
	for err == nil && len(head) < cap(head) {
		if err = ctx.Err(); err != nil {
			break
		}
		var n int
		n, err = file.Read(head[len(head):cap(head)])
		head = head[:len(head)+n]
	}
	return head, err
}

// callbackError returns an error of closing a file if the file's code did not report it
// itself.
func callbackError(err error) error {
	if errors.Is(err, datastore.ErrCallback) {
		return err
	}
	return nil
}

// leave closes the file of an opening that nobody reads, now or once it is open.
func (o *opening) leave() {
	o.late.Store(true)
	select {
	case <-o.done:
		if !o.left.Swap(true) && o.file != nil {
			_ = jobs.Guard(o.file.Close)()
		}
	default:
	}
}

// closeFile closes the file, as far as it is open.
func (o *opening) closeFile(ctx context.Context) error {
	if o.left.Swap(true) || o.file == nil {
		return nil
	}
	return callbackError(jobs.Await(ctx, o.file.Close))
}
