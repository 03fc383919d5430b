package engine

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// maxLead is how far the time of a commit may pass the clock.
const maxLead = time.Minute

// The times that a commit may have: FHIR's instant has four digits of a year.
var (
	firstMicros = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	lastMicros  = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)

// A moment is what the clock said, and when it was asked by a clock that never jumps.
type moment struct {
	micros int64 // since the Unix epoch
	asked  time.Time
}

// A timer is the clock of the options, and what it showed last.
type timer struct {
	turn turn
	mu   sync.Mutex
	last moment
}

// now asks the clock of the options. The goroutine that asks for a write calls it,
// never the writer.
func (e *Engine) now(ctx context.Context) (moment, error) {
	if e.options.Now == nil {
		t := time.Now()
		return moment{t.UnixMicro(), t}, nil
	}
	return guarded(ctx, e, &e.clock.turn, "Now", func() moment {
		m := moment{micros: e.options.Now().UnixMicro(), asked: time.Now()}
		e.clock.mu.Lock()
		defer e.clock.mu.Unlock()
		e.clock.last = m
		return m
	})
}

// newest returns the moment at which the clock was asked last: m, or a later one. So a
// clock that runs faster than time, as a test's may, never seems to be behind.
func (c *timer) newest(m moment) moment {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.asked.After(m.asked) {
		return c.last
	}
	return m
}

// stamp returns the time of a commit that asked the clock at m, after a commit at the
// time last: the time of m, or last if that is later. It is an error if the clock is
// more than a minute behind last, since each new version would then get a time of the
// future, or if the clock is beyond the year 9999, which no instant has.
func (e *Engine) stamp(m moment, last int64) (int64, error) {
	if !isCommitTime(m.micros) {
		return 0, fmt.Errorf("%w: its year is not between 1 and 9999", ErrClock)
	}
	now := e.clock.newest(m)
	lead := time.Duration(last-now.micros)*time.Microsecond - time.Since(now.asked)
	if last > now.micros && lead > maxLead {
		return 0, fmt.Errorf("%w: the last write was made %s later than it shows now; set it right", ErrClock, lead.Round(time.Second))
	}
	return max(m.micros, last), nil
}
