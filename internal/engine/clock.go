package engine

import (
	"context"
	"fmt"
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

// now asks the clock of the options. The goroutine that asks for a write calls it,
// never the writer.
func (e *Engine) now(ctx context.Context) (moment, error) {
	if e.options.Now == nil {
		t := time.Now()
		return moment{t.UnixMicro(), t}, nil
	}
	t, err := guarded(ctx, e, "Now", e.options.Now)
	return moment{t.UnixMicro(), time.Now()}, err
}

// stamp returns the time of a commit that follows one of the time last: the clock's,
// and never earlier. A clock that stands more than a minute before the log, and one
// beyond the year 9999, are errors: the first would put a time that is not yet on
// whatever is written, the second cannot be written as an instant.
func (m moment) stamp(last int64) (int64, error) {
	if m.micros < firstMicros || m.micros > lastMicros {
		return 0, fmt.Errorf("%w: its year is not between 1 and 9999", ErrClock)
	}
	lead := time.Duration(last-m.micros)*time.Microsecond - time.Since(m.asked)
	if last > m.micros && lead > maxLead {
		return 0, fmt.Errorf("%w: the last write was made %s later than it shows now; set it right", ErrClock, lead.Round(time.Second))
	}
	return max(m.micros, last), nil
}
