package engine

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A moved is what a call of a reader or a writer of the caller's came to.
type moved struct {
	n   int
	err error
}

// A carefulWriter calls a writer of the caller's own: one that panics fails, and nobody
// waits for one that hangs when ctx or the engine ends. What was handed over is not used
// again then.
type carefulWriter struct {
	ctx    context.Context
	engine *Engine
	w      io.Writer
}

func (c carefulWriter) Write(p []byte) (int, error) {
	done, err := guarded(c.ctx, c.engine, nil, "the writer of the backup", func() moved {
		n, err := c.w.Write(p)
		return moved{n, err}
	})
	if err != nil {
		return 0, err
	}
	return done.n, done.err
}

// A carefulReader calls a reader of the caller's own, as a carefulWriter does.
type carefulReader struct {
	ctx    context.Context
	r      io.Reader
	buffer []byte // the reader's, for good if it hangs
}

func (c *carefulReader) Read(p []byte) (int, error) {
	own := slices.Grow(c.buffer[:0], len(p))[:len(p)]
	c.buffer = nil
	done, err := guarded(c.ctx, new(Engine), nil, "a reader of the backup", func() moved {
		n, err := c.r.Read(own)
		return moved{n, err}
	})
	if err != nil {
		return 0, err
	}
	if done.n < 0 || done.n > len(p) {
		return 0, fmt.Errorf("%w: a reader of the backup returned %d bytes of %d", ErrCallback, done.n, len(p))
	}
	c.buffer = own
	return copy(p, own[:done.n]), done.err
}

// carefully returns readers that are called with care.
func carefully(ctx context.Context, readers []io.Reader) ([]io.Reader, error) {
	all := make([]io.Reader, len(readers))
	for i, r := range readers {
		if r == nil {
			return nil, fmt.Errorf("%w: piece %d is nil", txlog.ErrPiece, i+1)
		}
		all[i] = &carefulReader{ctx: ctx, r: r}
	}
	return all, nil
}
