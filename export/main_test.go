package export_test

import (
	"context"
	"io"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
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
	return fhirjsontest.Text(tb, "synthea/*.ndjson.gz")
}
