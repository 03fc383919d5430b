package engine

import (
	"context"
	"time"
)

// A SweepRule says which versions are swept from the index, and when.
type SweepRule struct {
	// Grace is how long ago a state must be superseded before versions that only it
	// sees are swept.
	Grace time.Duration
	// A sweep takes about as long for each ordinal that it looks at as an update. It
	// waits until so many can be removed that this cost does not show.
	Least int // ordinals to remove
	Share int // one of so many that are looked at
}

// EveryMinute is the rule of the store's own sweeps. The grace is for page tokens,
// since the store does not know who still has one: a person reads a page in less time.
// With a quarter to remove, an update pays for looking at four ordinals.
var EveryMinute = SweepRule{Grace: 10 * time.Minute, Least: 10_000, Share: 4}

// keepSwept is the sweeper: once a minute it sweeps the index by EveryMinute, until ctx
// ends.
func (e *Engine) keepSwept(ctx context.Context) {
	defer close(e.swept)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		e.endOldHolds()
		e.Sweep(ctx, EveryMinute)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Sweep sweeps the index by a rule. Open snapshots and searches under way keep what
// they see.
func (e *Engine) Sweep(ctx context.Context, rule SweepRule) {
	worth := func(sequence uint64) bool {
		dead, all := e.index.Sweepable(sequence)
		return dead >= rule.Least && dead >= all/rule.Share
	}
	view := e.index.View()
	if !worth(view.Sequence()) {
		return
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now, err := e.now(soon)
	if err != nil {
		return // the clock of the options failed or hangs: another minute
	}
	superseded := view.SequenceAt(now.micros - rule.Grace.Microseconds())
	if worth(superseded) {
		// It fails with ctx alone, when the store is closed: then the index goes too.
		_ = e.index.Sweep(ctx, superseded)
	}
}

// SweepAll sweeps every version that no held state sees.
func (e *Engine) SweepAll(ctx context.Context) error {
	return e.index.Sweep(ctx, e.index.View().Sequence())
}
