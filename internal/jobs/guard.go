package jobs

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/datastore"
)

// Guard returns f as a function that always returns: a panic in f, which a reader, a
// sink or a callback of a user may raise, and an end of its goroutine are
// datastore.ErrCallback.
func Guard(f func() error) func() error {
	return func() error { return Await(context.Background(), f) }
}

// Await calls f as [Guard] does, and returns the error of ctx where ctx ends first. Then
// f is left behind, in its goroutine, with whatever it refers to.
func Await(ctx context.Context, f func() error) error {
	ended := make(chan error, 1)
	go func() {
		err := fmt.Errorf("%w: it ended its goroutine", datastore.ErrCallback)
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%w: it panicked (%T)", datastore.ErrCallback, p)
			}
			ended <- err
		}()
		err = f()
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
