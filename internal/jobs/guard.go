package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
)

// Guard returns f as a function that always returns: a panic in f, or an end of its
// goroutine, by a reader, a sink or a callback of a user, is datastore.ErrCallback.
func Guard(f func() error) func() error {
	return func() error { return Await(context.Background(), f) }
}

// Await calls f as [Guard] does, and returns the error of ctx if ctx ends first. Then f is
// left behind in its goroutine.
func Await(ctx context.Context, f func() error) error {
	select {
	case err := <-Begin(f):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Finish calls f as [Guard] does. If ctx ends, it waits for f for some seconds more at
// most.
func Finish(ctx context.Context, f func() error) error { return longer(ctx, Begin(f)) }

// grace is how long a job that ends early waits for a sink or a callback to return.
const grace = 2 * time.Second

// longer waits for the result of a call. If ctx ends, it waits for grace more at most.
func longer(ctx context.Context, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		return errHangs
	}
}

var errHangs = fmt.Errorf("%w: it did not return", datastore.ErrCallback)

// Begin calls f in a goroutine of its own, as [Guard] does, and sends the result.
func Begin(f func() error) <-chan error {
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
	return ended
}
