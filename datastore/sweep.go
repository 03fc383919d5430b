package datastore

import (
	"context"
	"time"
)

// A sweepRule says what is swept from the index, and when.
type sweepRule struct {
	// grace is how long ago a state was superseded before what only it sees is swept.
	grace time.Duration
	// A sweep takes about as long for each ordinal that it looks at as an update: it
	// waits until there is so much to remove that it does not show.
	least int // ordinals to remove
	share int // one of so many that are looked at
}

// everyMinute is the rule of the store's own sweeps. The grace is that of page
// tokens, which nothing tells the store of: a person reads a page in less, a program
// in much less. With a quarter to remove, an update pays for looking at four
// ordinals.
var everyMinute = sweepRule{grace: 10 * time.Minute, least: 10_000, share: 4}

// keepSwept is the sweeper: it sweeps the index once a minute, if that is worth its
// while, until ctx ends.
func (s *Store) keepSwept(ctx context.Context) {
	defer close(s.swept)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		s.sweep(ctx, everyMinute)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sweep sweeps the index by a rule. Open snapshots and searches under way keep what
// they see.
func (s *Store) sweep(ctx context.Context, rule sweepRule) {
	worth := func(sequence uint64) bool {
		dead, all := s.index.Sweepable(sequence)
		return dead >= rule.least && dead >= all/rule.share
	}
	view := s.index.View()
	if !worth(view.Sequence()) {
		return
	}
	superseded := view.SequenceAt(s.options.Now().Add(-rule.grace).UnixMicro())
	if worth(superseded) {
		// It fails with ctx alone, when the store is closed: then the index goes too.
		_ = s.index.Sweep(ctx, superseded)
	}
}
