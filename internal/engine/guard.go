package engine

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"
)

// patience is how long one call of a function waits for another to return.
const patience = time.Second

// A turn makes the calls of one function follow each other, so that a clock or a source
// of ids need not be made for many goroutines. A call that takes longer than patience
// loses its turn: it holds up only the calls that wait by then.
type turn struct {
	mu   sync.Mutex
	free chan struct{} // holds a value while nobody calls
}

// take waits for the turn and returns a function that gives it back. It reports false
// if ctx or the engine ended first. A nil turn is always free.
func (t *turn) take(ctx context.Context, e *Engine) (giveBack func(), ok bool) {
	if t == nil {
		return func() {}, true
	}
	for {
		t.mu.Lock()
		if t.free == nil {
			t.free = make(chan struct{}, 1)
			t.free <- struct{}{}
		}
		free := t.free
		t.mu.Unlock()
		lost := time.NewTimer(patience)
		select {
		case <-free:
			lost.Stop()
			return func() { free <- struct{}{} }, true
		case <-ctx.Done():
			lost.Stop()
			return nil, false
		case <-e.ending:
			lost.Stop()
			return nil, false
		case <-lost.C:
			t.mu.Lock()
			if t.free == free {
				t.free = nil
			}
			t.mu.Unlock()
		}
	}
}

// guarded calls a function of the caller's own, such as Options.NewID, and confines its
// faults to this call. A panic or an end of its goroutine is an error of the call. A
// call back into the store is allowed. If the function hangs, guarded returns when ctx
// ends or the engine is closed, and the function keeps its goroutine. Calls with the
// same turn follow each other.
func guarded[T any](ctx context.Context, e *Engine, t *turn, name string, call func() T) (T, error) {
	giveBack, ok := t.take(ctx, e)
	if !ok {
		return *new(T), cmp.Or(ctx.Err(), ErrClosed)
	}
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
			giveBack()
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
