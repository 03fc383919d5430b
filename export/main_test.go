package export_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// load imports ldjson, all of it.
func load(tb testing.TB, store *datastore.Store, text io.Reader) ingest.Result {
	tb.Helper()
	job, err := ingest.Start(context.Background(), store, ingest.Options{Reader: text})
	require.NoError(tb, err)
	result, err := job.Wait()
	require.NoError(tb, err)
	require.Zero(tb, result.Failed())
	return result
}

// synthea returns the Synthea sample as one ldjson text.
func synthea(tb testing.TB) []byte {
	tb.Helper()
	files, err := filepath.Glob("../../shared/data/synthea/*.ndjson.gz")
	require.NoError(tb, err)
	if len(files) == 0 {
		tb.Skip("the Synthea sample is not here: ../../shared/data/synthea")
	}
	var text bytes.Buffer
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(tb, err)
		z, err := gzip.NewReader(f)
		require.NoError(tb, err)
		_, err = text.ReadFrom(z)
		require.NoError(tb, err)
		require.NoError(tb, f.Close())
	}
	return text.Bytes()
}
