package jobs

import (
	"context"
	"time"
)

// interval is the time between two calls: as short as an eye can follow.
const interval = 100 * time.Millisecond

// Tell calls f about ten times a second at most, from a goroutine of its own, until
// stop is called. Stop calls f a last time, waits for that, and reports a panic of f;
// after a panic f is not called again. If f hangs, stop waits until some seconds after
// ctx has ended. A nil f is never called.
func Tell(ctx context.Context, f func()) (stop func() error) {
	if f == nil {
		return func() error { return nil }
	}
	ended := make(chan struct{})
	told := Begin(func() error {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f()
			case <-ended:
				f()
				return nil
			}
		}
	})
	return func() error {
		close(ended)
		return longer(ctx, told)
	}
}
