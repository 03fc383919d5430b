package ingest_test

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
	"github.com/stretchr/testify/require"
)

// synthea returns the Synthea sample as one ldjson text.
func synthea(tb testing.TB) []byte {
	tb.Helper()
	return fhirjsontest.Text(tb, "synthea/*.ndjson.gz")
}

// synthetic returns ldjson of the project's own making.
func synthetic(tb testing.TB, patients int) []byte {
	tb.Helper()
	text, err := io.ReadAll(ingest.Synthetic(1, patients))
	require.NoError(tb, err)
	return text
}

// BenchmarkImport imports into a new store each time, or what the store has (again). The
// references are google/fhir's parser alone, on one core, over some of the same lines, and
// a plain loop that parses, compresses, seals and writes the same lines on all cores.
func BenchmarkImport(b *testing.B) {
	for _, input := range []struct {
		name string
		text func(testing.TB) []byte
	}{
		{"synthea", synthea},
		{"synthetic", func(tb testing.TB) []byte { return synthetic(tb, 100) }},
	} {
		b.Run(input.name, func(b *testing.B) {
			b.Run("file", func(b *testing.B) { benchmarkImport(b, input.text(b), true) })
			b.Run("mem", func(b *testing.B) { benchmarkImport(b, input.text(b), false) })
			b.Run("again", func(b *testing.B) { benchmarkAgain(b, input.text(b)) })
			b.Run("plain", func(b *testing.B) { benchmarkPlain(b, input.text(b)) })
			b.Run("jsonformat", func(b *testing.B) { benchmarkUnmarshal(b, input.text(b)) })
		})
	}
}

func benchmarkImport(b *testing.B, text []byte, durable bool) {
	var resources, size int64
	var cpu cputime.Watch
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		path, key := "mem:", datastore.Passphrase("benchmark")
		if durable {
			path = filepath.Join(b.TempDir(), "store")
			key = datastore.KeyFile(filepath.Join(b.TempDir(), "key"))
		}
		store, err := datastore.Open(b.Context(), path, &datastore.Options{Key: key})
		require.NoError(b, err)
		b.StartTimer()
		cpu.Start()
		job, err := ingest.Start(b.Context(), store, ingest.Options{Reader: bytes.NewReader(text)})
		require.NoError(b, err)
		result, err := job.Wait()
		require.NoError(b, err)
		cpu.Stop()
		b.StopTimer()
		require.Zero(b, result.Failed())
		resources += result.Imported
		size += result.BytesImported
		require.NoError(b, store.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(resources)/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
	b.ReportMetric(cpu.Rate(int(resources)), "res/cpu-s")
}

func benchmarkUnmarshal(b *testing.B, text []byte) {
	const every = 50 // a sample, as it is slow
	unmarshaller, err := jsonformat.NewUnmarshaller("UTC", fhirversion.R4)
	require.NoError(b, err)
	var lines [][]byte
	n := 0
	for line := range bytes.Lines(text) {
		if n++; n%every == 0 {
			lines = append(lines, bytes.TrimSpace(line))
		}
	}
	var resources, size int64
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			if _, err := unmarshaller.UnmarshalR4(line); err != nil {
				b.Fatal("jsonformat does not read a line of the sample")
			}
			resources++
			size += int64(len(line))
		}
	}
	b.ReportMetric(float64(resources)/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
}
