package txlog

import (
	"fmt"
	"time"
)

const (
	// wayShare is how many times as long as it works a rewriting rests while others
	// append.
	wayShare = 9

	// wayRest bounds a rest, because Close waits for it.
	wayRest = 100 * time.Millisecond
)

// A way tells a rewriting whether others append beside it.
type way struct {
	seen  uint64    // the last sequence at the last look
	since time.Time // the beginning of this stretch of work
}

// giveWay lets appends go first. If there were any since the last call, it syncs the
// output, so that their syncs wait for few bytes of it, and rests. Otherwise it returns
// at once.
func (r *rewriter) giveWay(o *output) error {
	if r.alone {
		return nil
	}
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
