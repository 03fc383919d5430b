package repair_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/repair"
	"github.com/stretchr/testify/require"
)

// What the files tell is there with the right key, and with a wrong one without a check.
func TestInspectAndCut(t *testing.T) {
	outside := t.TempDir()
	folder := filepath.Join(outside, "store")
	key := datastore.KeyFile(filepath.Join(outside, "key"))
	store, err := datastore.Open(t.Context(), folder, &datastore.Options{Key: key, BaseURL: "http://x/fhir", Zone: time.FixedZone("here", 3600)})
	require.NoError(t, err)
	for _, id := range []string{"a", "b", "c", "a"} {
		_, err = store.Update(t.Context(), []byte(`{"resourceType":"Patient","id":"`+id+`"}`))
		require.NoError(t, err)
	}
	require.NoError(t, store.Close())

	in, err := repair.Inspect(t.Context(), folder, key)
	require.NoError(t, err)
	require.NoError(t, in.Unchecked)
	require.Empty(t, in.Faults)
	require.Equal(t, uint64(4), in.LastGood)
	require.Equal(t, "http://x/fhir", in.BaseURL)
	require.Equal(t, "here", in.Zone)
	require.Len(t, in.Keys, 1)
	require.Len(t, in.Segments, 1)
	require.Equal(t, 4, in.Segments[0].Records)

	unchecked, err := repair.Inspect(t.Context(), folder, datastore.Passphrase("x"))
	require.NoError(t, err)
	require.ErrorIs(t, unchecked.Unchecked, datastore.ErrWrongKey)
	require.Equal(t, in.Segments, unchecked.Segments)
	require.Empty(t, unchecked.Zone)

	next := uint64(2)
	for r, err := range repair.Records(t.Context(), folder, key, 2) {
		require.NoError(t, err)
		require.Equal(t, next, r.Sequence)
		next++
	}
	require.Equal(t, uint64(5), next)

	_, err = repair.Cut(t.Context(), folder, datastore.Passphrase("x"), 3, outside)
	require.ErrorIs(t, err, datastore.ErrWrongKey)
	_, err = repair.Cut(t.Context(), folder, key, 3, folder)
	require.Error(t, err, "inside the store")
	_, err = repair.Cut(t.Context(), filepath.Join(outside, "none"), key, 3, outside)
	require.ErrorIs(t, err, datastore.ErrNoStore)
	done, err := repair.Cut(t.Context(), folder, key, 3, outside)
	require.NoError(t, err)
	require.Equal(t, uint64(3), done.Sequence)
	require.FileExists(t, done.Kept)
	info, err := os.Stat(done.Kept)
	require.NoError(t, err)
	require.Greater(t, info.Size(), done.Bytes)

	store, err = datastore.Open(t.Context(), folder, &datastore.Options{Key: key, Existing: true})
	require.NoError(t, err)
	v, err := store.Read(t.Context(), datastore.Ref{Type: "Patient", ID: "a"})
	require.NoError(t, err)
	require.Equal(t, "1", v.VersionID)
	require.NoError(t, store.Verify(t.Context()))
	require.NoError(t, store.Close())
}
