package jobs

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
)

// Within returns a Sink that ends with ctx. A panic of s, and an end of its goroutine,
// are errors; a call that hangs is left behind some seconds after ctx has ended.
func Within(ctx context.Context, s Sink) Sink {
	return &boundedSink{ctx: ctx, sink: s}
}

type boundedSink struct {
	ctx   context.Context
	sink  Sink
	hangs atomic.Bool // a call was left behind: none follows it
}

func (s *boundedSink) call(f func() error) error {
	if s.hangs.Load() {
		return errHangs
	}
	err := Finish(s.ctx, f)
	if errors.Is(err, errHangs) {
		s.hangs.Store(true)
	}
	return err
}

// Create implements [Sink]. A file that is made too late, when nobody waits for it any
// more, is given up.
func (s *boundedSink) Create(name string) (io.WriteCloser, error) {
	made := make(chan io.WriteCloser, 1)
	err := s.call(func() error {
		w, err := s.sink.Create(name)
		if err != nil {
			return err
		}
		made <- w
		if s.hangs.Load() {
			return Abort(w)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &boundedFile{s, <-made}, nil
}

type boundedFile struct {
	sink *boundedSink
	file io.WriteCloser
}

func (f *boundedFile) Write(p []byte) (int, error) {
	written := make(chan int, 1)
	err := f.sink.call(func() error {
		n, err := f.file.Write(p)
		written <- n
		return err
	})
	select {
	case n := <-written:
		return n, err
	default:
		return 0, err
	}
}

func (f *boundedFile) Close() error { return f.sink.call(f.file.Close) }

func (f *boundedFile) Abort() error {
	return f.sink.call(func() error { return Abort(f.file) })
}
