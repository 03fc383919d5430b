package datastore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

func TestWritable(t *testing.T) {
	ctx, folder := context.Background(), t.TempDir()
	key := datastore.RawKey([32]byte{1})
	store, err := datastore.Open(ctx, folder, &datastore.Options{Key: key})
	require.NoError(t, err)
	require.NoError(t, store.Writable())
	reader, err := datastore.Open(ctx, folder, &datastore.Options{Key: key, ReadOnly: true})
	require.NoError(t, err)
	require.ErrorIs(t, reader.Writable(), datastore.ErrReadOnly)
	require.NoError(t, reader.Close())
	require.NoError(t, store.Close())
	require.ErrorIs(t, store.Writable(), datastore.ErrClosed)
}

// TestWritableAfterAFailedRoll lets the disk fail where no commit waits for it: closing a
// segment. The store takes nothing more, and says so before the next write is refused.
func TestWritableAfterAFailedRoll(t *testing.T) {
	base, files := faultBase(t)
	stopped := 0
	for at := 1; at < 40; at++ {
		d := txlogtest.DiskOf(files)
		store, err := base.open(d, 0)
		require.NoError(t, err)
		d.FailIn(at)
		_ = store.Compact(ctx, nil, nil) // it may fail
		writable := store.Writable()
		_, err = store.Update(ctx, []byte(`{"resourceType":"Patient","id":"late"}`))
		if d.Failed != "" && errors.Is(err, datastore.ErrReadOnly) {
			require.ErrorIs(t, writable, datastore.ErrReadOnly, "%s failed", d.Failed)
			stopped++
		}
		_ = store.Close() // its error is the fault's
	}
	require.NotZero(t, stopped)
}
