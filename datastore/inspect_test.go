package datastore_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// A store that is open for reading only is as it was at that moment, beside a writer,
// and refuses every write.
func TestReadOnly(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "store")
	key := datastore.Passphrase("p")
	reading := &datastore.Options{Key: key, ReadOnly: true}
	_, err := datastore.Open(ctx, folder, reading)
	require.ErrorIs(t, err, datastore.ErrNoStore)
	_, err = datastore.Open(ctx, folder, &datastore.Options{Key: key, Existing: true})
	require.ErrorIs(t, err, datastore.ErrNoStore)
	require.NoDirExists(t, folder)

	writer, err := datastore.Open(ctx, folder, &datastore.Options{Key: key})
	require.NoError(t, err)
	_, err = writer.Update(ctx, patient("a", "Alpha"))
	require.NoError(t, err)
	_, err = writer.Update(ctx, []byte(`{"resourceType":"SearchParameter","id":"y","url":"http://x/y","name":"y","status":"active",
		"description":"d","code":"y","base":["Patient"],"type":"string","expression":"Patient.name.family"}`))
	require.NoError(t, err)
	reader, err := datastore.Open(ctx, folder, reading)
	require.NoError(t, err)
	require.NoError(t, reader.WaitIndexed(ctx))
	_, err = writer.Update(ctx, patient("b", "Beta"))
	require.NoError(t, err)

	page, err := reader.Search(ctx, "Patient", "y=alpha")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	_, err = reader.Read(ctx, datastore.Ref{Type: "Patient", ID: "b"})
	require.ErrorIs(t, err, datastore.ErrNotFound)
	stats, err := reader.Stats()
	require.NoError(t, err)
	require.Equal(t, []datastore.TypeStats{{"Patient", 1, 1}, {"SearchParameter", 1, 1}}, stats.Types)
	require.NoError(t, reader.Verify(ctx))

	_, err = reader.Create(ctx, patient("x", "Gamma"))
	require.ErrorIs(t, err, datastore.ErrReadOnly)
	err = reader.Delete(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.ErrorIs(t, err, datastore.ErrReadOnly)
	require.NoError(t, reader.Close())
	require.NoError(t, writer.Verify(ctx))
	require.NoError(t, writer.Close())
}

// What the files tell is there with the right key, and with a wrong one without a check.
func TestInspectAndCut(t *testing.T) {
	outside := t.TempDir()
	folder := filepath.Join(outside, "store")
	key := datastore.KeyFile(filepath.Join(outside, "key"))
	store, err := datastore.Open(ctx, folder, &datastore.Options{Key: key, BaseURL: "http://x/fhir", Zone: time.FixedZone("here", 3600)})
	require.NoError(t, err)
	for _, id := range []string{"a", "b", "c", "a"} {
		_, err = store.Update(ctx, patient(id, "Family"))
		require.NoError(t, err)
	}
	require.NoError(t, store.Checkpoint())
	stats, err := store.Stats()
	require.NoError(t, err)
	require.Equal(t, uint64(4), stats.Checkpoint.Sequence)
	require.NoError(t, store.Close())

	in, err := datastore.Inspect(ctx, folder, key)
	require.NoError(t, err)
	require.NoError(t, in.Unchecked)
	require.Equal(t, uint64(4), in.Checkpoint.Sequence)
	require.Equal(t, stats.Checkpoint.Bytes, in.Checkpoint.Bytes)
	require.Empty(t, in.Checkpoint.Unusable)
	require.Empty(t, in.Faults)
	require.Equal(t, uint64(4), in.LastGood)
	require.Equal(t, "http://x/fhir", in.BaseURL)
	require.Equal(t, "here", in.Zone)
	require.Len(t, in.Keys, 1)
	require.Len(t, in.Segments, 1)
	require.Equal(t, 4, in.Segments[0].Records)

	unchecked, err := datastore.Inspect(ctx, folder, datastore.Passphrase("x"))
	require.NoError(t, err)
	require.ErrorIs(t, unchecked.Unchecked, datastore.ErrWrongKey)
	require.Equal(t, in.Segments, unchecked.Segments)
	require.Empty(t, unchecked.Zone)

	next := uint64(2)
	for r, err := range datastore.InspectRecords(ctx, folder, key, 2) {
		require.NoError(t, err)
		require.Equal(t, next, r.Sequence)
		next++
	}
	require.Equal(t, uint64(5), next)

	_, err = datastore.Cut(ctx, folder, datastore.Passphrase("x"), 3, outside)
	require.ErrorIs(t, err, datastore.ErrWrongKey)
	_, err = datastore.Cut(ctx, folder, key, 3, folder)
	require.Error(t, err, "inside the store")
	_, err = datastore.Cut(ctx, filepath.Join(outside, "none"), key, 3, outside)
	require.ErrorIs(t, err, datastore.ErrNoStore)
	done, err := datastore.Cut(ctx, folder, key, 3, outside)
	require.NoError(t, err)
	require.Equal(t, uint64(3), done.Sequence)
	require.FileExists(t, done.Kept)
	info, err := os.Stat(done.Kept)
	require.NoError(t, err)
	require.Greater(t, info.Size(), done.Bytes)
	in, err = datastore.Inspect(ctx, folder, key)
	require.NoError(t, err)
	require.Empty(t, in.Faults)
	require.Contains(t, in.Checkpoint.Unusable, "commit 4")

	store, err = datastore.Open(ctx, folder, &datastore.Options{Key: key, Existing: true})
	require.NoError(t, err)
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.NoError(t, err)
	require.Equal(t, "1", v.VersionID)
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
}
