package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// restore makes the index: from the checkpoint of the log, if there is one that can be
// used, and otherwise an empty one. Whatever is wrong with a checkpoint costs time and
// nothing else.
func (e *Engine) restore(ctx context.Context, fresh func() *index.Index) (state *checkpointState, err error) {
	e.index = fresh()
	keeper, ok := e.log.(checkpointLog)
	if !ok {
		return nil, nil
	}
	r, err := keeper.OpenCheckpoint()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		defer r.Close()
		err = caught("reading the checkpoint", func() (err error) {
			state, err = e.readCheckpoint(ctx, r)
			return err
		})
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		e.options.Logger.InfoContext(ctx, "datastore: the checkpoint of the index is not used; the whole log is read", "reason", err)
		e.index = fresh()
		return nil, nil
	}
	last := r.Last()
	e.sequence, e.time = last.Sequence, last.Time
	if len(state.spans) > 0 {
		e.numbers.spans.Store(&state.spans)
	}
	e.states.numbers = state.states
	e.checkpoints.restored = true
	e.checkpoints.covered.Store(uint32(e.index.View().Last()))
	return state, nil
}

// Restored reports whether the index was restored from a checkpoint.
func (e *Engine) Restored() bool { return e.checkpoints.restored }

// readCheckpoint reads a checkpoint into the empty index.
func (e *Engine) readCheckpoint(ctx context.Context, r *txlog.CheckpointReader) (*checkpointState, error) {
	parts := r.Parts() - 2 // of the image; its head and the state follow
	if parts < 0 {
		return nil, errCheckpoint
	}
	part, err := r.Part(parts+1, nil)
	if err != nil {
		return nil, err
	}
	state, err := unmarshalCheckpointState(part)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(state.settings, e.options.meaning()) {
		return nil, errors.New("datastore: zone, its rules, or base changed")
	}
	state.settings = nil // it is of no more use, and would keep its part
	if part, err = r.Part(parts, nil); err != nil {
		return nil, err
	}
	image, err := e.index.Restore(part, r.Size())
	if err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			var buf []byte
			for {
				i := int(next.Add(1)) - 1
				if i >= parts || ctx.Err() != nil {
					return ctx.Err()
				}
				part, err := r.Part(i, buf)
				if err != nil {
					return err
				}
				buf = part[:0]
				if err := caught("reading the checkpoint", func() error { return image.Add(part) }); err != nil {
					return err
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := image.Finish(); err != nil {
		return nil, err
	}
	if got := e.index.View().Sequence(); got > r.Last().Sequence {
		return nil, fmt.Errorf("%w: it is of commit %d, the image of %d", errCheckpoint, r.Last().Sequence, got)
	}
	return state, nil
}
