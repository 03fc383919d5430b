package jobs

import "time"

// interval is how often progress is told: as often as an eye can follow.
const interval = 100 * time.Millisecond

// Tell calls f about ten times a second at most, from a goroutine of its own,
// until stop is called. Stop calls it a last time and waits for that. A nil f is
// never called.
func Tell(f func()) (stop func()) {
	if f == nil {
		return func() {}
	}
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f()
			case <-ended:
				f()
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-told
	}
}
