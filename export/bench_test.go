package export_test

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// discard is a Sink that keeps nothing.
type discard struct{}

func (discard) Create(string) (io.WriteCloser, error) { return discarded{io.Discard}, nil }

type discarded struct{ io.Writer }

func (discarded) Close() error { return nil }

// BenchmarkExport exports to a discarding writer, from a store in a folder that
// was opened anew, and from one in memory.
func BenchmarkExport(b *testing.B) {
	for _, input := range []struct {
		name string
		text func(testing.TB) io.Reader
	}{
		{"synthea", func(tb testing.TB) io.Reader { return bytes.NewReader(synthea(tb)) }},
		{"synthetic", func(testing.TB) io.Reader { return ingest.Synthetic(1, 100) }},
	} {
		b.Run(input.name+"/file", func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "store")
			options := &datastore.Options{Key: datastore.KeyFile(filepath.Join(b.TempDir(), "key"))}
			store, err := datastore.Open(context.Background(), path, options)
			require.NoError(b, err)
			load(b, store, input.text(b))
			require.NoError(b, store.Close())
			store, err = datastore.Open(context.Background(), path, options)
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, store.Close()) })
			benchmarkExport(b, store)
		})
		b.Run(input.name+"/mem", func(b *testing.B) {
			store := storetest.Open(b, nil)
			load(b, store, input.text(b))
			benchmarkExport(b, store)
		})
	}
}

func benchmarkExport(b *testing.B, store *datastore.Store) {
	var resources, size int64
	b.ReportAllocs()
	for b.Loop() {
		job, err := export.Start(b.Context(), store, export.Options{To: discard{}})
		require.NoError(b, err)
		result, err := job.Wait()
		require.NoError(b, err)
		resources += result.Resources
		size += result.Bytes
	}
	b.ReportMetric(float64(resources)/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
}
