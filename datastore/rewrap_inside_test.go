package datastore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// TestRewrapToAFileInTheStore names a key file in the store's folder, which holds nothing
// else: it is not made, and the store opens as before.
func TestRewrapToAFileInTheStore(t *testing.T) {
	path, key := t.TempDir(), datastore.RawKey([32]byte{1})
	require.NoError(t, os.Chmod(path, 0o700))
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: key})
	require.NoError(t, err)
	err = store.Rewrap(ctx, datastore.KeyFile(filepath.Join(path, "key")))
	require.ErrorIs(t, err, datastore.ErrKey)
	require.NoFileExists(t, filepath.Join(path, "key"))
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, path, &datastore.Options{Key: key})
	require.NoError(t, err)
	require.NoError(t, store.Close())
}
