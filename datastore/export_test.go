package datastore

import (
	"context"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
)

// OpenLog opens the store that a log has. The log is the store's from then on.
func OpenLog(ctx context.Context, log engine.Log, opts *Options) (*Store, error) {
	filled, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	e, err := engine.Start(ctx, log, filled.engine())
	if err != nil {
		return nil, err
	}
	return newStore(e, &filled), nil
}

// SweepOld does what the sweeper does once a minute, however little it removes.
func (s *Store) SweepOld() {
	s.engine.Sweep(context.Background(), engine.SweepRule{Grace: engine.EveryMinute.Grace, Least: 1, Share: 1 << 30})
}

// Checkpoint writes a checkpoint of the index.
func (s *Store) Checkpoint() error { return s.engine.Checkpoint(context.Background()) }

// ErrNoCheckpoint is returned when no checkpoint can be made now.
var ErrNoCheckpoint = engine.ErrNoCheckpoint

// DropCheckpoint removes the checkpoint.
func (s *Store) DropCheckpoint() error { return s.engine.DropCheckpoint() }

// Restored reports whether the store was opened from a checkpoint.
func (s *Store) Restored() bool { return s.engine.Restored() }

// SweepAll sweeps whatever no open snapshot sees.
func (s *Store) SweepAll() error { return s.engine.SweepAll(context.Background()) }

// Swept returns how many versions were swept from the index.
func (s *Store) Swept() int { return s.engine.Stats().Swept }

// PageGrace is how long a page token is good after its state was superseded.
func PageGrace() time.Duration { return engine.EveryMinute.Grace }

// WrittenByOther makes what tx has so far look as if another version of the extractor
// had written it.
func (tx *Transaction) WrittenByOther() {
	for i := range tx.ops {
		tx.ops[i].Disown()
	}
}
