package jobs

import (
	"context"
	"fmt"
	"time"

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
	select {
	case err := <-Begin(f):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Finish calls f as [Guard] does. Where ctx ends it waits for f all the same, but for some
// seconds at most.
func Finish(ctx context.Context, f func() error) error { return longer(ctx, Begin(f)) }

// grace is how long a job that ends early waits for a sink or a callback to return.
const grace = 2 * time.Second

// longer waits for what a call that began came to. Where ctx ends it waits all the same,
// but for grace at most.
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

// Begin calls f in a goroutine of its own, and sends what [Guard] would return.
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
