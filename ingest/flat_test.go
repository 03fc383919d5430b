package ingest_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/stretchr/testify/require"
)

var flatResources = flag.Int("flat", 0, "how many resources TestFlat imports, 0 for none; 5,000,000 take 4 GB of disk and 3 GB of memory")

// flatStep is how many resources a line of the table is.
const flatStep = 500_000

// TestFlat imports a stream of synthetic patients and prints a table: how fast each half
// million resources were, and how much memory there is above the store's own.
func TestFlat(t *testing.T) {
	if *flatResources == 0 {
		t.Skip("prints a table with -flat 5000000")
	}
	folder := t.TempDir()
	store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))})
	require.NoError(t, err)
	defer store.Close()
	fmt.Printf("| resources | resources/s | a CPU second | live heap, MB |\n|---|---|---|---|\n")
	var result ingest.Result
	seed := 0
	for next := int64(flatStep); ; {
		// A patient is about 370 resources: each import is a line of the table.
		var cpu cputime.Watch
		cpu.Start()
		began := time.Now()
		job, err := ingest.Start(ctx, store, ingest.Options{Reader: ingest.Synthetic(uint64(seed), flatStep/370)})
		require.NoError(t, err)
		stop, most := make(chan struct{}), make(chan uint64)
		go func() { most <- mostLive(stop) }()
		one, err := job.Wait()
		require.NoError(t, err)
		took := time.Since(began)
		cpu.Stop()
		close(stop)
		peak := <-most
		runtime.GC()
		result.Imported += one.Imported
		fmt.Printf("| %d | %.0f | %.0f | %d, %d at most beside the store |\n", result.Imported, float64(one.Imported)/took.Seconds(), cpu.Rate(int(one.Imported)),
			live()/1e6, (int64(peak)-int64(live()))/1e6)
		if next += flatStep; next > int64(*flatResources) {
			break
		}
		seed++
	}
	fmt.Printf("| disk, MB | %d | | |\n", size(t, filepath.Join(folder, "store"))/1e6)
}

// live returns the bytes that the last collection of garbage found in use.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// mostLive returns the most bytes that were in use until stop is closed.
func mostLive(stop chan struct{}) (most uint64) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		most = max(most, live())
		select {
		case <-tick.C:
		case <-stop:
			return most
		}
	}
}

func size(t *testing.T, folder string) (n int64) {
	require.NoError(t, filepath.WalkDir(folder, func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		n += info.Size()
		return err
	}))
	return n
}

// BenchmarkMemory imports inputs of several forms, and reports the most memory that is in
// use beside the store's own.
func BenchmarkMemory(b *testing.B) {
	line := func(size int) string {
		return `{"resourceType":"Patient","id":"p","name":[{"family":"` + strings.Repeat("x", size) + `"}]}` + "\n"
	}
	for _, c := range []struct {
		name string
		from func() fs.FS
	}{
		{"one file", func() fs.FS { return split(synthetic(b, 150), 1<<30) }},
		{"files of ten lines", func() fs.FS { return split(synthetic(b, 150), 10) }},
		{"lines of 1 MB", func() fs.FS {
			return fstest.MapFS{"a.ndjson": {Data: []byte(strings.Repeat(line(1<<20), 100))}}
		}},
		{"lines of 30 MB", func() fs.FS {
			return fstest.MapFS{"a.ndjson": {Data: []byte(strings.Repeat(line(30<<20), 5))}}
		}},
		{"lines of 60 MB", func() fs.FS {
			return fstest.MapFS{"a.ndjson": {Data: []byte(strings.Repeat(line(60<<20), 5))}}
		}},
		{"lines of 100 MB", func() fs.FS {
			return fstest.MapFS{"a.ndjson": {Data: []byte(strings.Repeat(line(100<<20), 5))}}
		}},
		{"bad lines", func() fs.FS { return fstest.MapFS{"a.ndjson": {Data: bytes.Repeat([]byte("x\n"), 4<<20)}} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			from := c.from()
			var beside uint64
			for b.Loop() {
				b.StopTimer()
				folder := b.TempDir()
				store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))})
				require.NoError(b, err)
				runtime.GC()
				runtime.GC()
				before := live()
				stop, most := make(chan struct{}), make(chan uint64)
				go func() { most <- mostLive(stop) }()
				b.StartTimer()
				_, err = run(b, store, ingest.Options{From: from, Report: ingest.DirSink(filepath.Join(folder, "report"))})
				b.StopTimer()
				require.NoError(b, err)
				close(stop)
				peak := <-most
				runtime.GC()
				runtime.GC()
				beside = max(beside, peak-min(peak, max(before, live())))
				require.NoError(b, store.Close())
				b.StartTimer()
			}
			b.ReportMetric(float64(beside)/1e6, "MB-live")
		})
	}
}
