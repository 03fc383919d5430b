package datastore_test

import (
	"fmt"
	"path/filepath"
	"testing"

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
	require.Equal(t, "[{Patient 1 1} {SearchParameter 1 1}]", fmt.Sprint(stats.Types))
	require.NoError(t, reader.Verify(ctx))

	_, err = reader.Create(ctx, patient("x", "Gamma"))
	require.ErrorIs(t, err, datastore.ErrReadOnly)
	err = reader.Delete(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.ErrorIs(t, err, datastore.ErrReadOnly)
	require.NoError(t, reader.Close())
	require.NoError(t, writer.Verify(ctx))
	require.NoError(t, writer.Close())
}
