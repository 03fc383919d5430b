package storetest

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
	"github.com/stretchr/testify/require"
)

// A TB is the part of a test that Open uses. *testing.T, *testing.B and *rapid.T
// satisfy it.
type TB interface {
	require.TestingT
	Helper()
	Cleanup(func())
}

// Main runs the tests of a package and exits. The run fails if a goroutine outlives
// the tests.
func Main(m *testing.M) { txlogtest.Main(m) }

// Open opens a store in memory; nil options are the defaults. When the test ends, Open
// verifies the store and closes it, or does nothing if the test closed it.
func Open(tb TB, opts *datastore.Options) *datastore.Store {
	tb.Helper()
	store, err := datastore.Open(context.Background(), "mem:", opts)
	require.NoError(tb, err)
	Check(tb, store)
	return store
}

// Check verifies a store when the test ends and closes it, or does nothing if the test
// closed it.
func Check(tb TB, store *datastore.Store) {
	tb.Cleanup(func() {
		if err := store.Verify(context.Background()); !errors.Is(err, datastore.ErrClosed) {
			require.NoError(tb, err)
		}
		require.NoError(tb, store.Close())
	})
}

// Clock returns a clock that returns first at its first call, and a second more at each
// further call. One goroutine at a time may ask.
func Clock(first time.Time) func() time.Time {
	next := first
	return func() time.Time {
		now := next
		next = next.Add(time.Second)
		return now
	}
}

// IDs returns a function that gives prefix1, prefix2 and so on. One goroutine at a time
// may call it.
func IDs(prefix string) func() string {
	n := 0
	return func() string {
		n++
		return prefix + strconv.Itoa(n)
	}
}
