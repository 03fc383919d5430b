package storetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestOpenChecksAndClosesTheStore(t *testing.T) {
	var store, closed *datastore.Store
	t.Run("a test", func(t *testing.T) {
		first := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		store = storetest.Open(t, &datastore.Options{Now: storetest.Clock(first), NewID: storetest.IDs("n")})
		for _, id := range []string{"n1", "n2"} {
			v, err := store.Create(context.Background(), []byte(`{"resourceType":"Patient"}`))
			require.NoError(t, err)
			require.Equal(t, id, v.Ref.ID)
			require.Equal(t, first, v.LastUpdated)
			first = first.Add(time.Second)
		}
		closed = storetest.Open(t, nil)
		require.NoError(t, closed.Close())
	})
	require.ErrorIs(t, store.Verify(context.Background()), datastore.ErrClosed)
	require.ErrorIs(t, closed.Verify(context.Background()), datastore.ErrClosed)
}
