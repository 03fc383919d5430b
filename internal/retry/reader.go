package retry

import (
	"context"
	"io"
	"sync"
	"time"
)

const (
	// progress is how many bytes an attempt must give for its failure to count as a
	// first one.
	progress = 64 << 10
	// enough is how many bytes a body must give in the time of Policy.Patience that is
	// spent waiting for it.
	enough = 64 << 10
)

// Open opens something at an offset. Its context lives as long as the body, which must
// give io.EOF at the end of the whole alone: a body that is cut short gives another
// error. An Open that takes long calls alive while it gets on.
type Open func(ctx context.Context, offset int64, alive func()) (io.ReadCloser, error)

// A Reader reads the body that Open opens, and opens it again after a failure. It is
// for one goroutine, except for Close, which another may call to end a Read.
type Reader struct {
	ctx     context.Context
	end     context.CancelFunc // of ctx
	policy  Policy
	verdict Verdict
	open    Open

	mu       sync.Mutex    // guards what follows
	body     io.ReadCloser // nil where the next Read opens
	cancel   context.CancelCauseFunc
	offset   int64
	failures int           // in a row
	got      int64         // bytes since the last failure
	waited   time.Duration // for the body since the window began
	window   int64         // bytes since the window began
	err      error         // final
}

// NewReader returns a Reader at offset 0. It opens when it is first read from. The
// context ends it.
func NewReader(ctx context.Context, policy Policy, verdict Verdict, open Open) *Reader {
	ctx, end := context.WithCancel(ctx)
	return &Reader{ctx: ctx, end: end, policy: policy.withDefaults(), verdict: verdict, open: open}
}

// Start opens the reader, so that an error of opening is known before the first Read.
func (r *Reader) Start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.body == nil && r.err == nil {
		r.failed(r.begin())
	}
	return r.err
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.err == nil {
		if r.body == nil {
			if r.failed(r.begin()) {
				continue
			}
		}
		n, err := r.read(p)
		r.offset += int64(n)
		r.got += int64(n)
		if err == io.EOF {
			r.err = err
			return n, err
		}
		r.failed(err)
		if n > 0 || err == nil {
			return n, nil
		}
	}
	return 0, r.err
}

// begin opens the body at the reader's offset.
func (r *Reader) begin() error {
	ctx, cancel := context.WithCancelCause(r.ctx)
	watch := time.AfterFunc(r.policy.Patience, func() { cancel(ErrSlow) })
	body, err := r.open(ctx, r.offset, func() { watch.Reset(r.policy.Patience) })
	watch.Stop()
	if err == nil && ctx.Err() != nil { // it opened in the moment in which it was given up
		body.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		if r.ctx.Err() == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		cancel(nil)
		return err
	}
	r.body, r.cancel = body, cancel
	r.waited, r.window = 0, 0
	return nil
}

// read reads from the body, which is given up if that takes too long.
func (r *Reader) read(p []byte) (int, error) {
	cancel := r.cancel
	watch := time.AfterFunc(r.policy.Patience-r.waited, func() { cancel(ErrSlow) })
	began := time.Now()
	n, err := r.body.Read(p)
	onTime := watch.Stop()
	r.waited += time.Since(began)
	r.window += int64(n)
	switch {
	case err == io.EOF:
	case r.window >= enough:
		r.waited, r.window = 0, 0
	case !onTime || r.waited >= r.policy.Patience:
		err = ErrSlow
	}
	if !onTime && err == nil { // the body was given up all the same
		err = ErrSlow
	}
	return n, err
}

// failed closes the body after an error, and waits for the time of the next attempt or
// notes that there is none. It reports whether there was an error.
func (r *Reader) failed(err error) bool {
	if err == nil {
		return false
	}
	r.drop()
	if r.got >= progress {
		r.failures = 0
	}
	r.got = 0
	r.failures++
	r.err = r.policy.pause(r.ctx, r.verdict, err, r.failures)
	return true
}

// drop closes the body, if there is one.
func (r *Reader) drop() {
	if r.body != nil {
		r.cancel(nil)
		r.body.Close()
		r.body = nil
	}
}

// Close implements io.Closer.
func (r *Reader) Close() error {
	r.end()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop()
	if r.err == nil {
		r.err = io.ErrClosedPipe
	}
	return nil
}
