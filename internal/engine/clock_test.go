package engine

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestClockOfOneGoroutine writes from many goroutines with a clock and a source of ids
// that know of no other goroutine; the clock runs faster than time.
func TestClockOfOneGoroutine(t *testing.T) {
	options := testOptions()
	now, n := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 0
	options.Now = func() time.Time { now = now.Add(20 * time.Second); return now }
	options.NewID = func() string { n++; return fmt.Sprintf("id-%d", n) }
	ctx, e := context.Background(), openMemory(t, options)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 40 {
				id, err := e.NewID(ctx)
				assert.NoError(t, err)
				assert.NoError(t, put(ctx, e, fmt.Sprintf(`{"resourceType":"Patient","id":"%s"}`, id)))
			}
		})
	}
	group.Wait()
	require.Equal(t, 320, n)
}

// TestHungClock shows that a clock that hangs for one write holds up no other for long.
func TestHungClock(t *testing.T) {
	options := testOptions()
	hang, entered := make(chan struct{}), make(chan struct{})
	var asked atomic.Bool
	options.Now = func() time.Time {
		if !asked.Swap(true) {
			close(entered)
			<-hang
		}
		return time.Now()
	}
	e := openMemory(t, options)
	hung := make(chan error, 1)
	ctx, leave := context.WithCancel(context.Background())
	go func() {
		_, err := e.Commit(ctx, &Commit{States: []State{{Name: "a", Value: []byte("b")}}})
		hung <- err
	}()
	<-entered
	leave()
	require.ErrorIs(t, <-hung, context.Canceled)
	require.NoError(t, put(context.Background(), e, `{"resourceType":"Patient","id":"a"}`))
	close(hang)
}
