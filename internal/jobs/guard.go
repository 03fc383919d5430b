package jobs

import (
	"errors"
	"fmt"
)

// ErrCallback is returned by a job of which a function or an interface of the
// caller's panicked or ended its goroutine.
var ErrCallback = errors.New("jobs: a function of the options failed")

// Guard returns f as a function that always returns: a panic in f, which a reader, a
// sink or a callback of a user may raise, and an end of its goroutine are errors.
func Guard(f func() error) func() error {
	return func() error {
		ended := make(chan error, 1)
		go func() {
			err := fmt.Errorf("%w: it ended its goroutine", ErrCallback)
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("%w: it panicked (%T)", ErrCallback, p)
				}
				ended <- err
			}()
			err = f()
		}()
		return <-ended
	}
}
