package txlogtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/fhirlake/fhirlake/internal/txlog"
)

// ErrFault is reported by an append that was made to fail.
var ErrFault = errors.New("txlogtest: injected fault")

// Faults are the probabilities, from 0 to 1, with which an append meets each fault. The
// zero value injects none.
type Faults struct {
	Seed uint64

	Conflict float64 // a foreign commit comes first: the append reports ErrConflict
	Lost     float64 // it is appended and reports ErrOutcomeUnknown; the log goes on
	Vanished float64 // it is not appended and reports ErrOutcomeUnknown; the log goes on
	Fail     float64 // it is not appended and reports ErrFault
	Delay    float64 // others run first; it goes with each of the above

	// Foreign returns the commit of another writer. By default it is one item
	// of named state, "txlogtest/foreign".
	Foreign func(last txlog.Last) txlog.Commit

	// Wait is what a delay does: by default it lets other goroutines run.
	Wait func()
}

// Counts is what was injected.
type Counts struct{ Conflict, Lost, Vanished, Fail, Delay int }

// A Log is a log that injects faults into Append. Everything else is the
// embedded log's own.
type Log struct {
	*txlog.Log
	faults Faults

	mu struct {
		sync.Mutex
		rng    *rand.Rand
		counts Counts
	}
}

// Wrap returns a log that injects faults. It owns l: closing it closes l.
func Wrap(l *txlog.Log, f Faults) *Log {
	if f.Foreign == nil {
		f.Foreign = foreignState
	}
	if f.Wait == nil {
		f.Wait = yield
	}
	out := &Log{Log: l, faults: f}
	out.mu.rng = rand.New(rand.NewPCG(f.Seed, 1))
	return out
}

func foreignState(last txlog.Last) txlog.Commit {
	body := fmt.Appendf(nil, "after %d", last.Sequence)
	return txlog.Commit{Time: last.Time, Items: []txlog.Item{{Kind: txlog.State, Values: []byte("txlogtest/foreign"), Body: body}}}
}

func yield() {
	for range 10 {
		runtime.Gosched()
	}
}

// Counts returns what was injected so far.
func (l *Log) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.counts
}

// Append appends as [txlog.Log.Append] does, or meets a fault.
func (l *Log) Append(ctx context.Context, b *txlog.Batch) (txlog.Position, error) {
	fault, delay := l.draw()
	if delay {
		l.faults.Wait()
	}
	switch fault {
	case conflict:
		if err := l.appendForeign(ctx); err != nil {
			return txlog.Position{}, err
		}
	case vanished:
		return txlog.Position{}, fmt.Errorf("%w: %w", txlog.ErrOutcomeUnknown, ErrFault)
	case fail:
		return txlog.Position{}, ErrFault
	}
	p, err := l.Log.Append(ctx, b)
	if fault == lost && err == nil {
		return txlog.Position{}, fmt.Errorf("%w: %w", txlog.ErrOutcomeUnknown, ErrFault)
	}
	return p, err
}

type fault uint8

const (
	none fault = iota
	conflict
	lost
	vanished
	fail
)

// draw decides what the next append meets.
func (l *Log) draw() (f fault, delay bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &l.mu.counts
	x := l.mu.rng.Float64()
	if delay = l.mu.rng.Float64() < l.faults.Delay; delay {
		c.Delay++
	}
	for _, option := range []struct {
		share float64
		fault fault
		count *int
	}{
		{l.faults.Conflict, conflict, &c.Conflict},
		{l.faults.Lost, lost, &c.Lost},
		{l.faults.Vanished, vanished, &c.Vanished},
		{l.faults.Fail, fail, &c.Fail},
	} {
		if x < option.share {
			*option.count++
			return option.fault, delay
		}
		x -= option.share
	}
	return none, delay
}

// appendForeign appends what another writer commits. The log has one term, so
// that it is this one's.
func (l *Log) appendForeign(ctx context.Context) error {
	last := l.Last()
	_, err := l.Log.Append(ctx, &txlog.Batch{Expect: last.Sequence, Term: l.Term(), Commits: []txlog.Commit{l.faults.Foreign(last)}})
	return err
}
