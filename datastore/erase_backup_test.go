package datastore_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

// TestEraseReachesBackups restores pieces that were made before an erasure, together with a
// piece, or with keys, that were made after it.
func TestEraseReachesBackups(t *testing.T) {
	key := datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store := storetest.Open(t, &datastore.Options{Key: key})
	eraseStory(t, store)
	var full, more, oldKeys, keys bytes.Buffer
	info, err := store.BackupApart(ctx, &full, &oldKeys, 0)
	require.NoError(t, err)
	_, err = store.Erase(ctx, "p")
	require.NoError(t, err)
	_, err = store.BackupApart(ctx, &more, &keys, info.Head.Sequence())
	require.NoError(t, err)
	restore := func(until uint64, keys []byte, all ...[]byte) *datastore.Store {
		o := datastore.RestoreOptions{Options: datastore.Options{Key: key}, Keys: bytes.NewReader(keys), Until: until}
		copied, err := datastore.Restore(ctx, "mem:", &o, pieces(all...)...)
		require.NoError(t, err)
		storetest.Check(t, copied)
		return copied
	}
	requireErased(t, restore(0, keys.Bytes(), full.Bytes(), more.Bytes()))
	for until := range info.Head.Sequence() + 1 {
		copied := restore(until, keys.Bytes(), full.Bytes(), more.Bytes())
		for v, err := range copied.History(ctx, datastore.Ref{}, nil) {
			require.NoError(t, err)
			require.NotContains(t, string(v.JSON), marker)
			require.NotContains(t, string(v.JSON), "WmFuemliYXJxdXV4")
		}
	}
	// The old piece alone, with the keys of later: what lay under the patient's keys is gone.
	_, err = restore(0, keys.Bytes(), full.Bytes()).Read(ctx, datastore.Ref{Type: "Patient", ID: "p"})
	require.ErrorIs(t, err, datastore.ErrNotFound)
	_, err = (&datastore.RestoreOptions{BackupKey: key, Keys: bytes.NewReader(keys.Bytes())}).Verify(ctx, bytes.NewReader(full.Bytes()))
	require.NoError(t, err)
}

// TestEraseAndRotate rotates the keys of a store before and after an erasure.
func TestEraseAndRotate(t *testing.T) {
	folder := t.TempDir()
	path, key := filepath.Join(folder, "store"), datastore.KeyFile(filepath.Join(folder, "key"))
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: key})
	require.NoError(t, err)
	eraseStory(t, store)
	before := currentOf(t, store)
	require.NoError(t, store.RotateKey(ctx, nil))
	require.Equal(t, before, currentOf(t, store))
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, path, &datastore.Options{Key: key})
	require.NoError(t, err)
	require.Equal(t, before, currentOf(t, store))
	_, err = store.Erase(ctx, "p")
	require.NoError(t, err)
	require.NoError(t, store.RotateKey(ctx, nil))
	requireErased(t, store)
	require.NoError(t, store.Close())
	require.NotContains(t, string(everyText(t, path, key)), marker)
	store, err = datastore.Open(ctx, path, &datastore.Options{Key: key})
	require.NoError(t, err)
	requireErased(t, store)
	require.NoError(t, store.Close())
}

// currentOf returns what is current, by reference.
func currentOf(t testing.TB, store *datastore.Store) map[string]string {
	all := map[string]string{}
	for v, err := range store.History(ctx, datastore.Ref{}, nil) {
		require.NoError(t, err)
		if _, seen := all[v.Ref.String()]; !seen {
			all[v.Ref.String()] = string(v.JSON)
		}
	}
	return all
}
