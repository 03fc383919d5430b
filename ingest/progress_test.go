package ingest_test

import (
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// TestProgressEstimates has a job tell how fast it is, and nothing left at its end.
func TestProgressEstimates(t *testing.T) {
	var last ingest.Progress
	text := synthetic(t, 5)
	result, err := run(t, open(t, nil), ingest.Options{
		From: fstest.MapFS{"in.ndjson": {Data: text}}, Progress: func(p ingest.Progress) { last = p },
	})
	require.NoError(t, err)
	require.Equal(t, result.Imported, last.Imported)
	require.InDelta(t, float64(last.Imported)/last.Elapsed.Seconds(), last.Rate, 1e-6)
	require.Zero(t, last.Left)
	require.Equal(t, last.Size, last.Read)
	require.Equal(t, 1, last.FilesDone)
}
