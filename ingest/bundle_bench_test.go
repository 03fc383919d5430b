package ingest_test

import (
	"bytes"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// BenchmarkBundles imports the same resources as lines, and as the entries of a Bundle.
func BenchmarkBundles(b *testing.B) {
	text := synthetic(b, 100)
	var entries []string
	for line := range bytes.Lines(text) {
		entries = append(entries, entryOf("http://example.org/"+refOf(b, line), string(bytes.TrimSpace(line)), "", ""))
	}
	for _, c := range []struct {
		name, file string
		text       []byte
		keep       bool
	}{{"lines", "a.ndjson", text, false}, {"lines/keep", "a.ndjson", text, true}, {"entries", "a.json", []byte(bundleOf("collection", entries...)), false}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				store, err := datastore.Open(ctx, "mem:", nil)
				require.NoError(b, err)
				result, err := run(b, store, ingest.Options{From: fstest.MapFS{c.file: {Data: c.text}}, KeepVersions: c.keep})
				require.NoError(b, err)
				require.Zero(b, result.Failed())
				require.NoError(b, store.Close())
			}
			b.ReportMetric(float64(len(entries)*b.N)/b.Elapsed().Seconds(), "res/s")
		})
	}
}
