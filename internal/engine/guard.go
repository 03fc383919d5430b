package engine

import (
	"context"
	"fmt"
)

// guarded calls a function of the caller's own, such as Options.NewID, so that
// nothing it does reaches further than this call: a panic, an end of its goroutine or
// a call back into the store is an error of the call or none at all, and who waits for
// one that hangs goes when ctx ends or the engine is closed. A function that hangs
// keeps its goroutine.
func guarded[T any](ctx context.Context, e *Engine, name string, call func() T) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: fmt.Errorf("%w: %s ended its goroutine", ErrCallback, name)}
		defer func() {
			if p := recover(); p != nil {
				a.err = fmt.Errorf("%w: %s panicked", ErrCallback, name)
			}
			answers <- a
		}()
		value := call()
		a = answer{value: value}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		return *new(T), ctx.Err()
	case <-e.ending:
		return *new(T), ErrClosed
	}
}

// caught turns a panic in f, which the writer runs, into an error. It names no value:
// a panic's text may quote data.
func caught(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("datastore: panic while %s (%T)", what, p)
		}
	}()
	return f()
}
