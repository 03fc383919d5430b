package txlog

import (
	"fmt"
	"time"
)

const (
	// wayShare is how many times as long as it works a rewriting rests while others
	// append.
	wayShare = 9

	// wayRest bounds a rest, so that who closes the log waits no longer.
	wayRest = 100 * time.Millisecond
)

// A way is what a rewriting knows of those who append beside it.
type way struct {
	seen  uint64    // the last sequence when it looked
	since time.Time // when it began to work
}

// giveWay lets others go first. Where they have appended since it was asked last, what
// was written is synced now, so that no sync of theirs has to wait for much of it, and
// the rewriting rests. Where nobody appends it works on.
func (r *rewriter) giveWay(o *output) error {
	last := r.log.Last().Sequence
	first := r.way.since.IsZero()
	if first || last == r.way.seen {
		r.way = way{last, time.Now()}
		return nil
	}
	if err := o.file.Sync(); err != nil {
		return fmt.Errorf("txlog: rewrite: %w", err)
	}
	timer := time.NewTimer(min(wayShare*time.Since(r.way.since), wayRest))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	r.way = way{last, time.Now()}
	return nil
}
