package datastore_test

import (
	"context"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
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
