package datastore_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
	"github.com/stretchr/testify/require"
)

// sample returns Synthea's resources, or the project's own if those are absent.
func sample(b *testing.B) [][]byte {
	if fhirjsontest.Has("synthea/*.ndjson.gz") {
		return synthea(b)
	}
	return synthetic(100)
}

// hundredThousand is the number of patients that come with 100,000 resources.
const hundredThousand = 270

func size(lines [][]byte) (n int) {
	for _, line := range lines {
		n += len(line)
	}
	return n
}

// openBench opens a new store, in a folder if it is to be durable.
func openBench(b *testing.B, durable bool) (store *datastore.Store, path string, opts *datastore.Options) {
	path, opts = "mem:", &datastore.Options{}
	if durable {
		dir := b.TempDir()
		path, opts.Key = filepath.Join(dir, "store"), datastore.KeyFile(filepath.Join(dir, "key"))
	}
	store, err := datastore.Open(ctx, path, opts)
	require.NoError(b, err)
	return store, path, opts
}

// refs returns the names of resources.
func refs(lines [][]byte) []datastore.Ref {
	all := make([]datastore.Ref, len(lines))
	for i, line := range lines {
		all[i] = refOf(line)
	}
	return all
}

func refOf(line []byte) datastore.Ref {
	var r struct{ ResourceType, ID string }
	if err := json.Unmarshal(line, &r); err != nil {
		panic(err)
	}
	return datastore.Ref{Type: r.ResourceType, ID: r.ID}
}

// heap returns the bytes of live objects.
func heap() float64 {
	runtime.GC()
	runtime.GC() // pools are emptied by the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkImport imports into a new store. Its rates are those of preparing,
// sealing, writing, syncing and applying together; heap-B/version is what a version
// then keeps alive. Of a store in memory that is all of it; one in a folder keeps
// the bodies of its last segment, up to 64 MiB, which weighs less the more there
// is. BenchmarkUnmarshal is the reference.
func BenchmarkImport(b *testing.B) {
	b.Run("file", func(b *testing.B) { benchmarkImport(b, sample(b), true) })
	b.Run("mem", func(b *testing.B) { benchmarkImport(b, sample(b), false) })
	b.Run("file100k", func(b *testing.B) { benchmarkImport(b, synthetic(hundredThousand), true) })
}

func benchmarkImport(b *testing.B, lines [][]byte, durable bool) {
	var alive float64
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		before := heap()
		store, _, _ := openBench(b, durable)
		b.StartTimer()
		if err := importLines(store, lines); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		alive = heap() - before
		require.NoError(b, store.Close())
		b.StartTimer()
	}
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(len(lines)*b.N)/seconds, "res/s")
	b.ReportMetric(float64(size(lines)*b.N)/1e6/seconds, "MB/s")
	b.ReportMetric(alive/float64(len(lines)), "heap-B/version")
}

// BenchmarkUnmarshal reads every twentieth resource of the sample with google/fhir's
// parser on one core: what a store on protos would do first.
func BenchmarkUnmarshal(b *testing.B) {
	var lines [][]byte
	for i, line := range sample(b) {
		if i%20 == 0 {
			lines = append(lines, line)
		}
	}
	u, err := jsonformat.NewUnmarshaller("UTC", fhirversion.R4)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			if _, err := u.UnmarshalR4(line); err != nil {
				b.Fatal("jsonformat does not read a line of the sample")
			}
		}
	}
	b.ReportMetric(float64(len(lines)*b.N)/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(float64(size(lines)*b.N)/1e6/b.Elapsed().Seconds(), "MB/s")
}

// openLarge is how many times 100,000 resources BenchmarkOpen/large has.
var openLarge = flag.Int("large", 0, "how many times 100,000 resources BenchmarkOpen/large has, 0 for no such run; ten times take 1 GB of disk and of memory")

// BenchmarkOpen opens a folder: by reading its log, and from a checkpoint. Of the sample a
// part of the time is that of the open segment, which is read twice.
func BenchmarkOpen(b *testing.B) {
	once := func(lines [][]byte) func(func([][]byte)) { return func(do func([][]byte)) { do(lines) } }
	b.Run("sample", func(b *testing.B) { benchmarkOpen(b, once(sample(b)), false) })
	b.Run("rewritten", func(b *testing.B) { benchmarkOpen(b, once(sample(b)), true) })
	b.Run("100k", func(b *testing.B) { benchmarkOpen(b, once(synthetic(hundredThousand)), false) })
	if *openLarge > 0 {
		b.Run("large", func(b *testing.B) {
			benchmarkOpen(b, func(do func([][]byte)) {
				for seed := range uint64(*openLarge) {
					do(syntheticOf(seed+1, hundredThousand))
				}
			}, false)
		})
	}
}

func benchmarkOpen(b *testing.B, batches func(func([][]byte)), rewrite bool) {
	store, path, opts := openBench(b, true)
	n, bytes := 0, 0
	batches(func(lines [][]byte) {
		require.NoError(b, importLines(store, lines))
		n, bytes = n+len(lines), bytes+size(lines)
	})
	if rewrite {
		require.NoError(b, store.Compact(ctx, nil, nil))
	}
	open := func(b *testing.B, restored bool) {
		b.ReportAllocs()
		var cpu cputime.Watch
		for b.Loop() {
			cpu.Start()
			store, err := datastore.Open(ctx, path, opts)
			if err != nil {
				b.Fatal(err)
			}
			cpu.Stop()
			b.StopTimer()
			require.Equal(b, restored, store.Restored())
			require.NoError(b, store.Close())
			if !restored { // Close may have written one
				require.NoError(b, os.RemoveAll(filepath.Join(path, "checkpoint")))
			}
			b.StartTimer()
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "res/s")
		b.ReportMetric(cpu.Rate(n*b.N), "res/cpu-s")
	}
	require.NoError(b, store.Close())
	require.NoError(b, os.RemoveAll(filepath.Join(path, "checkpoint")))
	b.Run("log", func(b *testing.B) { open(b, false) })
	store, err := datastore.Open(ctx, path, opts)
	require.NoError(b, err)
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			if err := store.Checkpoint(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "res/s")
	})
	require.NoError(b, store.Checkpoint())
	stats, err := store.Stats()
	require.NoError(b, err)
	require.NoError(b, store.Close())
	b.Run("checkpoint", func(b *testing.B) {
		open(b, true)
		b.ReportMetric(float64(stats.Checkpoint.Bytes)/float64(bytes), "size/ldjson")
		b.ReportMetric(float64(stats.Checkpoint.Bytes)/float64(n), "B/version")
	})
}

// bundles returns transaction Bundles that put the lines, each of as many as a patient
// of Synthea has.
func bundles(lines [][]byte) (all [][]byte) {
	for some := range slices.Chunk(lines, 280) {
		b := []byte(`{"resourceType":"Bundle","type":"transaction","entry":[`)
		for i, line := range some {
			if i > 0 {
				b = append(b, ',')
			}
			ref := refOf(line)
			b = fmt.Appendf(b, `{"resource":%s,"request":{"method":"PUT","url":"%s"}}`, line, ref)
		}
		all = append(all, append(b, "]}"...))
	}
	return all
}

// BenchmarkBundles loads the sample as transaction Bundles, one after the other.
func BenchmarkBundles(b *testing.B) {
	lines := sample(b)
	loads := bundles(lines)
	var cpu cputime.Watch
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		store, _, _ := openBench(b, true)
		b.StartTimer()
		cpu.Start()
		for _, bundle := range loads {
			if _, err := store.Transact(ctx, bundle); err != nil {
				b.Fatal(err)
			}
		}
		cpu.Stop()
		b.StopTimer()
		require.NoError(b, store.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(len(lines)*b.N)/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(cpu.Rate(len(lines)*b.N), "res/cpu-s")
}

// BenchmarkRead reads resources of the sample by id, in random order.
func BenchmarkRead(b *testing.B) {
	lines := sample(b)
	names := refs(lines)
	for _, durable := range []bool{true, false} {
		b.Run(map[bool]string{true: "file", false: "mem"}[durable], func(b *testing.B) {
			store, _, _ := openBench(b, durable)
			defer store.Close()
			require.NoError(b, importLines(store, lines))
			r := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.Read(ctx, names[r.IntN(len(names))]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// importing imports lines again and again until it is told to stop, which tells how
// many it has imported.
func importing(store *datastore.Store, lines [][]byte) (stop func() int) {
	done := make(chan struct{})
	var running sync.WaitGroup
	imported := 0
	running.Go(func() {
		for part := lines; ; {
			select {
			case <-done:
				return
			default:
			}
			if len(part) == 0 {
				part = lines
			}
			n := min(len(part), 2000)
			if err := importLines(store, part[:n]); err != nil {
				panic(err)
			}
			part, imported = part[n:], imported+n
		}
	})
	return func() int {
		close(done)
		running.Wait()
		return imported
	}
}

// BenchmarkReadDuringImport reads by id, one read a millisecond, while the sample
// is imported beside it again and again, and reports how long the slow ones took.
func BenchmarkReadDuringImport(b *testing.B) {
	lines := sample(b)
	names := refs(lines)
	store, _, _ := openBench(b, true)
	defer store.Close()
	require.NoError(b, importLines(store, lines))
	stop := importing(store, lines)
	r := rand.New(rand.NewPCG(1, 2))
	var took []time.Duration
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for b.Loop() {
		<-pace.C
		start := time.Now()
		if _, err := store.Read(ctx, names[r.IntN(len(names))]); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	imported := stop()
	slices.Sort(took)
	for _, percent := range []int{50, 99} {
		b.ReportMetric(float64(took[len(took)*percent/100].Nanoseconds())/1e3, fmt.Sprintf("p%d-µs", percent))
	}
	b.ReportMetric(float64(imported)/b.Elapsed().Seconds(), "imported-res/s")
	b.ReportMetric(0, "ns/op") // of the pace, and of no interest
}

// BenchmarkSearch answers queries over 100,000 resources of the project's making.
func BenchmarkSearch(b *testing.B) {
	lines := synthetic(hundredThousand)
	store, _, _ := openBench(b, false)
	defer store.Close()
	require.NoError(b, importLines(store, lines))
	for _, c := range []struct{ name, typ, query string }{
		{"CountToken", "Observation", "code=http://loinc.org|8302-2&_count=0"},
		{"CountTokenAndDate", "Observation", "code=http://loinc.org|8302-2&date=2020&_count=0"},
		{"Page50", "Observation", "code=http://loinc.org|8302-2&_count=50"},
		{"SortedPage50", "Observation", "category=vital-signs&_sort=-date&_count=50"},
		{"Chain", "Observation", "patient.gender=female&_count=0"},
		{"Has", "Patient", "_has:Observation:patient:code=8302-2&_count=0"},
		{"CountWord", "Observation", "_content=vital&_count=0"},
		{"Phrase", "Observation", "_content=%22body%20height%22&_count=0"},
	} {
		b.Run(c.name, func(b *testing.B) {
			total := 0
			b.ReportAllocs()
			for b.Loop() {
				page, err := store.Search(ctx, c.typ, c.query)
				if err != nil {
					b.Fatal(err)
				}
				total = page.Total
			}
			require.NotZero(b, total)
			b.ReportMetric(float64(total), "hits")
		})
	}
}

// BenchmarkSearchDuringImport searches, once in five milliseconds, while half of the
// resources are imported beside it again and again, and reports how many times longer
// the median search takes than it does alone, before and after. The updates add
// versions, so that the work grows as well: both are told.
func BenchmarkSearchDuringImport(b *testing.B) {
	lines := synthetic(hundredThousand)
	for _, c := range []struct{ name, typ, query string }{
		{"Token", "Observation", "code=http://loinc.org|8302-2&_count=0"},
		{"TokenAndDate", "Observation", "category=vital-signs&date=2020&_count=0"},
		{"Page50", "Observation", "code=http://loinc.org|8302-2&_count=50"},
		{"Chain", "Observation", "patient.gender=female&_count=0"},
	} {
		b.Run(c.name, func(b *testing.B) {
			store, _, _ := openBench(b, true)
			defer store.Close()
			require.NoError(b, importLines(store, lines))
			pace := time.NewTicker(5 * time.Millisecond)
			defer pace.Stop()
			median := func(n int) float64 {
				took := make([]time.Duration, n)
				for i := range took {
					<-pace.C
					start := time.Now()
					_, err := store.Search(ctx, c.typ, c.query)
					require.NoError(b, err)
					took[i] = time.Since(start)
				}
				slices.Sort(took)
				return float64(took[n/2].Nanoseconds()) / 1e3
			}
			const rounds = 200
			before := median(rounds)
			stop := importing(store, lines[:len(lines)/2])
			var during []float64
			for b.Loop() {
				during = append(during, median(rounds))
			}
			imported := stop()
			after := median(rounds)
			slices.Sort(during)
			b.ReportMetric(before, "before-µs")
			b.ReportMetric(during[len(during)/2], "during-µs")
			b.ReportMetric(after, "after-µs")
			b.ReportMetric(float64(imported)/b.Elapsed().Seconds(), "imported-res/s")
			b.ReportMetric(0, "ns/op") // of the pace, and of no interest
		})
	}
}

// BenchmarkErase erases one patient after the other of a store of 100,000 resources, and of
// the store of BenchmarkOpen/large. Each patient has a document in a Binary and a Bundle as
// well. BenchmarkOpen is the reference.
func BenchmarkErase(b *testing.B) {
	b.Run("100k", func(b *testing.B) { benchmarkErase(b, 1) })
	if *openLarge > 0 {
		b.Run("large", func(b *testing.B) { benchmarkErase(b, *openLarge) })
	}
}

func benchmarkErase(b *testing.B, batches int) {
	store, _, _ := openBench(b, true)
	for seed := range uint64(batches) {
		require.NoError(b, importLines(store, syntheticOf(seed+1, hundredThousand)))
	}
	patients, err := store.Search(ctx, "Patient", "_count=1000&_elements=id")
	require.NoError(b, err)
	var documents [][]byte
	for _, p := range patients.Matches {
		documents = append(documents,
			fmt.Appendf(nil, `{"resourceType":"Binary","id":"b-%s","contentType":"text/plain","data":"YQ=="}`, p.ID),
			fmt.Appendf(nil, `{"resourceType":"DocumentReference","id":"d-%[1]s","status":"current","subject":{"reference":"Patient/%[1]s"},"content":[{"attachment":{"url":"Binary/b-%[1]s"}}]}`, p.ID),
			fmt.Appendf(nil, `{"resourceType":"Bundle","id":"c-%[1]s","type":"collection","entry":[{"resource":%[2]s}]}`, p.ID, p.JSON))
	}
	require.NoError(b, importLines(store, documents))
	at := 0
	b.ReportAllocs()
	for b.Loop() {
		if at == len(patients.Matches) {
			b.Skip("all patients are erased")
		}
		if _, err := store.Erase(ctx, patients.Matches[at].ID); err != nil {
			b.Fatal(err)
		}
		at++
	}
	require.NoError(b, store.Close())
}
