package ingest_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/nlp/clinical"
	"github.com/stretchr/testify/require"
)

// syntheaNotes returns the DocumentReferences of the shared notes, without conditional
// references.
func syntheaNotes(b *testing.B) []byte {
	lines := fhirjsontest.Text(b, "synthea-notes/DocumentReference.ndjson.gz")
	return regexp.MustCompile(`"(\w+)\?[^"]*"`).ReplaceAll(lines, []byte(`"$1/x"`))
}

// BenchmarkNotes imports Synthea's notes with and without the built-in annotator.
func BenchmarkNotes(b *testing.B) {
	notes := syntheaNotes(b)
	annotator, err := clinical.Annotator(nil, nil)
	require.NoError(b, err)
	for name, options := range map[string]*datastore.Options{"annotated": {Annotator: annotator}, "plain": {}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(notes)))
			n, start := 0, cputime.Used()
			for b.Loop() {
				store, err := datastore.Open(ctx, "mem:", options)
				require.NoError(b, err)
				job, err := ingest.Start(ctx, store, ingest.Options{Reader: bytes.NewReader(notes), Validation: datastore.Minimal})
				require.NoError(b, err)
				result, err := job.Wait()
				require.NoError(b, err)
				n += int(result.Imported)
				require.NoError(b, store.Close())
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "notes/s")
			b.ReportMetric(float64(n)/(cputime.Used()-start).Seconds(), "notes/cpu-s")
		})
	}
}
