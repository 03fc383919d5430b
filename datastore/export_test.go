package datastore

import (
	"context"
	"time"
)

// SweepOld does what the sweeper does once a minute, however little it removes.
func (s *Store) SweepOld() {
	s.sweep(context.Background(), sweepRule{grace: everyMinute.grace, least: 1, share: 1 << 30})
}

// SweepAll sweeps whatever no open snapshot sees.
func (s *Store) SweepAll() error {
	return s.index.Sweep(context.Background(), s.index.View().Sequence())
}

// Swept returns how many versions were swept from the index.
func (s *Store) Swept() int { return s.index.Stats().Swept }

// PageGrace is how long a page token is good after its state was superseded.
func PageGrace() time.Duration { return everyMinute.grace }

// WrittenByOther makes what tx has so far look as if another version of the extractor
// had written it.
func (tx *Tx) WrittenByOther() {
	for i := range tx.ops {
		tx.ops[i].part[itemVersionAt+8]++
	}
}
