package ingest_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/nlp/clinical"
	"github.com/stretchr/testify/require"
)

// TestAnnotatedResume stops an import of documents that are annotated as they are written,
// by closing its store, and goes on: what was derived beside the lines of a commit is not
// taken for lines.
func TestAnnotatedResume(t *testing.T) {
	var text strings.Builder
	const lines = 900
	for n := range lines {
		note := base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("Day %d: asthma and gout. Denies fever. ", n) + strings.Repeat("x", 9000)))
		fmt.Fprintf(&text, `{"resourceType":"DocumentReference","id":"d%d","status":"current","subject":{"reference":"Patient/p"},"content":[{"attachment":{"contentType":"text/plain","data":"%s"}}]}`+"\n", n, note)
	}
	input := fstest.MapFS{"DocumentReference.ndjson": {Data: []byte(text.String())}}
	annotator, err := clinical.Annotator(nil, nil)
	require.NoError(t, err)
	folder := t.TempDir()
	reopen := func() *datastore.Store {
		store, err := datastore.Open(ctx, folder, &datastore.Options{Key: datastore.Passphrase("secret"), Now: now, Annotator: annotator})
		require.NoError(t, err)
		return store
	}
	store := reopen()
	defer func() { require.NoError(t, store.Close()) }()
	var report storetest.Sink
	result, rounds := interrupted(t, &store, func(round int, _ func()) ingest.Options {
		n := len(text.String()) * round / 4
		return ingest.Options{From: cutFS{input, &n, func() { go store.Close() }}, Report: &report}
	}, func(_ string, _ ingest.Result, err error) {
		require.ErrorIs(t, err, datastore.ErrClosed)
		require.NoError(t, store.Close())
		store = reopen()
	})
	require.Greater(t, rounds, 1)
	require.EqualValues(t, lines, result.Imported)
	require.Zero(t, result.Unchanged)
	for _, line := range reportLines(t, report.File("SUCCESS/DocumentReference.ndjson")) {
		if line != "" {
			require.Contains(t, line, `"statusCode":201`)
		}
	}
	for typ, want := range map[string]int{"DocumentReference": lines, "Condition": 2 * lines, "Linkage": lines} {
		page, err := store.Search(ctx, typ, "_count=0")
		require.NoError(t, err)
		require.Equal(t, want, page.Total, typ)
	}
	require.NoError(t, store.Verify(ctx))
}
