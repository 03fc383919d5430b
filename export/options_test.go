package export_test

import (
	"io"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// An option that does nothing for a form of export is refused.
func TestOptionsThatDoNothing(t *testing.T) {
	store := storetest.Open(t, nil)
	_, err := store.Create(ctx, []byte(`{"resourceType":"Patient"}`))
	require.NoError(t, err)
	snapshot := store.Snapshot()
	defer snapshot.Close()
	for name, o := range map[string]export.Options{
		"ClientToken": {ClientToken: "once"}, "JobName": {JobName: "nightly"}, "Output": {Output: "folder"},
		"Request": {Request: "http://example.org"}, "Progress": {Progress: func(export.Progress) {}},
		"FileSize": {FileSize: 1}, "To": {To: discard{}},
	} {
		for _, err := range export.Lines(ctx, store, o) {
			require.ErrorContains(t, err, name)
		}
		_, err := export.Write(ctx, store, io.Discard, o)
		require.ErrorContains(t, err, name)
	}
	for name, o := range map[string]export.Options{
		"ClientToken": {ClientToken: "once"}, "JobName": {JobName: "nightly"}, "Output": {Output: "folder"},
	} {
		o.To = discard{}
		_, err := export.Start(ctx, snapshot, o)
		require.ErrorContains(t, err, name, "a job on a snapshot is in no register")
	}
}

// A store that takes no writes cannot know a token again.
func TestClientTokenWithoutRegister(t *testing.T) {
	folder := t.TempDir()
	key := datastore.Passphrase("p")
	store, err := datastore.Open(ctx, folder, &datastore.Options{Key: key})
	require.NoError(t, err)
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, folder, &datastore.Options{Key: key, ReadOnly: true})
	require.NoError(t, err)
	defer store.Close()
	_, err = export.Start(ctx, store, export.Options{To: discard{}, ClientToken: "once"})
	require.ErrorIs(t, err, datastore.ErrReadOnly)
	job, err := export.Start(ctx, store, export.Options{To: discard{}, JobName: "nightly"})
	require.NoError(t, err)
	_, err = job.Wait()
	require.NoError(t, err)
}
