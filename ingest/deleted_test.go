package ingest_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// TestDeleted imports the deleted file of a Bulk Data export, twice.
func TestDeleted(t *testing.T) {
	store := open(t, nil)
	_, err := run(t, store, ingest.Options{Reader: strings.NewReader(patient("a", "x") + "\n" + patient("b", "x") + "\n" + patient("c", "x"))})
	require.NoError(t, err)
	deleted := strings.Join([]string{
		`{"resourceType":"Bundle","id":"1","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/a"}},{"request":{"method":"DELETE","url":"Patient/never"}}]}`,
		`{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"DELETE","url":"Patient/b"}}]}`,
		`{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient?name=secret"}}]}`,
	}, "\n")
	for range 2 {
		var report storetest.Sink
		result, err := run(t, store, ingest.Options{Reader: strings.NewReader(deleted), Name: "deleted.ndjson", Report: &report})
		require.NoError(t, err)
		require.EqualValues(t, 3, result.Scanned)
		require.EqualValues(t, 2, result.Imported)
		failures := readFailures(t, report.File("FAILURE/deleted.ndjson"))
		require.Len(t, failures, 1)
		require.EqualValues(t, 3, failures[0].LineID)
		require.Equal(t, 400, failures[0].Response.Status)
	}
	_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.ErrorIs(t, err, datastore.ErrGone)
	_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "never"})
	require.ErrorIs(t, err, datastore.ErrNotFound)
	require.Len(t, contents(t, store), 1)
}
