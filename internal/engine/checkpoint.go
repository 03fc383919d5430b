package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/killpoint"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A checkpointLog is a log that keeps checkpoints of the index, and can be read by segments.
// *txlog.Log is one.
type checkpointLog interface {
	// BeginCheckpoint begins one of all that was appended; nil where none is kept.
	BeginCheckpoint() *txlog.CheckpointWriter
	OpenCheckpoint() (*txlog.CheckpointReader, error)
	Checkpoint() txlog.CheckpointInfo
	DropCheckpoint() error
	// Unread returns the closed segments that were not read since the log was opened.
	// ReadSegment reads one of them and verifies it.
	Unread() []txlog.Segment
	ReadSegment(ctx context.Context, name uint64) error
}

// checkpoints have the goroutine that writes checkpoints of the index beside the writer. A checkpoint saves the next opening the reading of the log; it is
// a cache, and no answer depends on it.
type checkpoints struct {
	restored bool          // the index came from one
	covered  atomic.Uint32 // the last version of the one that there is
	rate     atomic.Int64  // bytes a second of the last one that was written without a pause
	writing  sync.Mutex    // held while one is written
	running  sync.WaitGroup
	// version says which extractor makes the values of a type: param.Version, but in tests.
	version func(schema.TypeID) uint32
}

// When a checkpoint is written. Each is as large as the whole index, and costs about a
// twentieth of an import of the same versions. So there should be few: one when
// the store grew by an eighth and rests, or to four times its size without a rest.
const (
	checkpointTick  = 10 * time.Second
	checkpointLeast = 50_000 // versions, which are read in a tenth of a second
	checkpointGrown = 3
	checkpointShare = 8
)

// What a checkpoint at Close must save, and may take. Versions are read from the log at
// some hundred thousands a second.
const (
	replayRate     = 400_000
	checkpointRate = 100 << 20 // bytes a second, where it was not measured
	closeSaves     = time.Second
	closeTakes     = 5 * time.Second
)

// ErrNoCheckpoint is returned when no checkpoint can be made now: the log keeps none,
// search parameters are being indexed, or segments are being rewritten.
var ErrNoCheckpoint = errors.New("datastore: no checkpoint can be made now")

func (c *checkpoints) start(e *Engine) {
	if keeper, ok := e.log.(checkpointLog); ok && keeper.BeginCheckpoint() != nil {
		c.running.Go(func() { e.keepCheckpointed(e.background) })
	}
}

// keepCheckpointed writes checkpoints when they are worth their while, until ctx ends.
func (e *Engine) keepCheckpointed(ctx context.Context) {
	tick := time.NewTicker(checkpointTick)
	defer tick.Stop()
	before := e.index.View().Last()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		last := e.index.View().Last()
		rests := last == before
		before = last
		if fresh, covered := e.notCovered(); !worthCheckpoint(fresh, covered, rests) {
			continue
		}
		err := e.Checkpoint(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrNoCheckpoint) {
			e.options.Logger.WarnContext(ctx, "datastore: no checkpoint of the index was written; the next opening takes longer", "error", err)
		}
	}
}

// worthCheckpoint reports whether a checkpoint beside the writer is worth its while: fresh
// versions are in no checkpoint yet, and rests says that nothing was written lately.
func worthCheckpoint(fresh, covered int, rests bool) bool {
	return fresh >= checkpointLeast && (fresh >= checkpointGrown*covered || rests && fresh >= covered/checkpointShare)
}

// worthClosing reports whether a checkpoint of an index of so many bytes, at a rate of so
// many a second, is worth its while when the store is closed.
func worthClosing(fresh int, bytes, rate int64) bool {
	if rate == 0 {
		rate = checkpointRate
	}
	return fresh >= int(replayRate*closeSaves.Seconds()) && bytes <= rate*int64(closeTakes.Seconds())
}

// notCovered returns how many versions an opening would read from the log, and how many it
// would not.
func (e *Engine) notCovered() (fresh, covered int) {
	if e.log.(checkpointLog).Checkpoint().Sequence > 0 {
		covered = int(e.checkpoints.covered.Load())
	}
	return int(e.index.View().Last()) - covered, covered
}

// CheckpointInfo describes the checkpoint that there is, the zero value for none.
func (e *Engine) CheckpointInfo() txlog.CheckpointInfo {
	if keeper, ok := e.log.(checkpointLog); ok {
		return keeper.Checkpoint()
	}
	return txlog.CheckpointInfo{}
}

// DropCheckpoint removes the checkpoint, and with it what the folder has of the index. A
// checkpoint that is being written is waited for. The writer must not call it.
func (e *Engine) DropCheckpoint() error {
	keeper, ok := e.log.(checkpointLog)
	if !ok {
		return nil
	}
	e.checkpoints.writing.Lock() // until the one that is being written is there
	defer e.checkpoints.writing.Unlock()
	if err := keeper.DropCheckpoint(); err != nil {
		return fmt.Errorf("datastore: dropping the checkpoint: %w", logError(err))
	}
	return nil
}

// Checkpoint writes a checkpoint of the newest state, beside readers and the writer, and
// takes half of a core for it.
func (e *Engine) Checkpoint(ctx context.Context) error {
	return e.writeCheckpoint(ctx, true, func(capture func() error) error { return e.take(ctx, capture) })
}

// checkpointAtClose writes a checkpoint if that saves the next opening more than a second
// and takes less than five. All goroutines have ended.
func (e *Engine) checkpointAtClose() {
	keeper, ok := e.log.(checkpointLog)
	if !ok || keeper.BeginCheckpoint() == nil || e.readOnly() != nil {
		return
	}
	if fresh, _ := e.notCovered(); !worthClosing(fresh, e.index.Bytes(), e.checkpoints.rate.Load()) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTakes)
	defer cancel()
	if err := e.writeCheckpoint(ctx, false, func(capture func() error) error { return capture() }); err != nil && !errors.Is(err, ErrNoCheckpoint) {
		e.options.Logger.Warn("datastore: no checkpoint of the index was written; the next opening takes longer", "error", err)
	}
}

// writeCheckpoint writes a checkpoint of the state at the moment at which between calls
// its argument: while nothing is appended and nothing applied.
func (e *Engine) writeCheckpoint(ctx context.Context, paced bool, between func(capture func() error) error) error {
	keeper, ok := e.log.(checkpointLog)
	if !ok {
		return ErrNoCheckpoint
	}
	e.checkpoints.writing.Lock()
	defer e.checkpoints.writing.Unlock()
	image := e.index.Image()
	defer image.Close()
	var w *txlog.CheckpointWriter
	var state *checkpointState
	var covered index.Ordinal
	err := between(func() error {
		customs, ok := e.search.Custom().Saved()
		if !ok || e.readOnly() != nil || e.index.Purges() {
			return ErrNoCheckpoint // after a removal the next opening gives new ordinals
		}
		// Before the index: if segments are replaced in between, the checkpoint is of none.
		if w = keeper.BeginCheckpoint(); w == nil || w.Sequence() != e.sequence {
			return ErrNoCheckpoint
		}
		image.Capture()
		covered = e.index.View().Last()
		state = e.checkpointState(customs)
		return nil
	})
	if err != nil {
		return err
	}
	defer w.Discard()
	start := time.Now()
	killpoint.Here("before.checkpoint")
	err = image.Write(ctx, func(section []byte) error {
		from := time.Now()
		if err := w.Add(section); err != nil {
			return err
		}
		if paced {
			return pause(ctx, time.Since(from))
		}
		return nil
	})
	if errors.Is(err, index.ErrChanged) {
		return ErrNoCheckpoint
	}
	if err == nil {
		err = w.Add(state.marshal())
	}
	if err == nil {
		err = w.Finish()
	}
	switch {
	case errors.Is(err, txlog.ErrNotFound):
		return ErrNoCheckpoint
	case err != nil:
		return fmt.Errorf("datastore: writing a checkpoint: %w", logError(err))
	}
	e.checkpoints.covered.Store(uint32(covered))
	if took := time.Since(start).Seconds(); !paced && took > 0 {
		e.checkpoints.rate.Store(int64(float64(w.Bytes()) / took))
	}
	return nil
}

// pause waits for a time, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
