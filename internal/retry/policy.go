package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// ErrSlow is returned for an attempt with too little progress.
var ErrSlow = errors.New("retry: the other side is too slow")

// A Policy says how often, and after which pauses, a request is tried again. The zero
// value of each field is its default.
type Policy struct {
	// Attempts is how many attempts may fail in a row: 6 by default.
	Attempts int
	// First is the pause after a first failure: 200 ms by default. It doubles with each
	// further failure, up to Max: 20 s by default. The pause that is taken is between
	// half of this and all of it, so that many readers do not come back at once.
	First, Max time.Duration
	// Patience is how long one attempt may be without progress: a minute by default.
	Patience time.Duration
}

// withDefaults fills the policy.
func (p Policy) withDefaults() Policy {
	if p.Attempts <= 0 {
		p.Attempts = 6
	}
	if p.First <= 0 {
		p.First = 200 * time.Millisecond
	}
	if p.Max <= 0 {
		p.Max = 20 * time.Second
	}
	if p.Patience <= 0 {
		p.Patience = time.Minute
	}
	return p
}

// A Verdict reports whether another attempt may help against an error, and how long the
// other side asked to be left alone: 0 if it did not.
type Verdict func(error) (again bool, after time.Duration)

// Do calls f until it succeeds, until its error is final, or until it has failed too
// often; the last error is returned. The context of each call ends with the policy's
// patience.
func (p Policy) Do(ctx context.Context, verdict Verdict, f func(context.Context) error) error {
	p = p.withDefaults()
	for failures := 1; ; failures++ {
		err := p.attempt(ctx, f)
		if err == nil {
			return nil
		}
		if err := p.pause(ctx, verdict, err, failures); err != nil {
			return err
		}
	}
}

// attempt calls f once.
func (p Policy) attempt(ctx context.Context, f func(context.Context) error) error {
	attempt, cancel := context.WithTimeoutCause(ctx, p.Patience, ErrSlow)
	defer cancel()
	err := f(attempt)
	if err != nil && ctx.Err() == nil && attempt.Err() != nil {
		err = ErrSlow // what f returns says no more than that its context ended
	}
	return err
}

// pause waits before the next attempt. It returns the error that ends the attempts.
func (p Policy) pause(ctx context.Context, verdict Verdict, failed error, failures int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	again, after := true, time.Duration(0)
	if !errors.Is(failed, ErrSlow) {
		again, after = verdict(failed)
	}
	if !again || failures >= p.Attempts {
		return failed
	}
	pause := p.Max
	if doublings := failures - 1; doublings < 30 {
		pause = min(p.First<<doublings, p.Max)
	}
	pause = pause/2 + rand.N(pause/2+1)
	pause = max(pause, min(after, p.Max))
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
