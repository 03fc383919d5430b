package datastore_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/stretchr/testify/require"
)

// segmentBytes returns the size of the log of a store's folder.
func segmentBytes(b *testing.B, path string) (n int64) {
	entries, err := os.ReadDir(filepath.Join(path, "log"))
	require.NoError(b, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(b, err)
		n += info.Size()
	}
	return n
}

// BenchmarkRewriting rewrites the log of a store of 100,000 resources at full speed: a
// rotation of keys, which seals all anew; a compaction of segments as an import leaves
// them, whose bodies are packed anew; and one of segments that were compacted before, which
// leaves out the superseded versions of every tenth resource. MB/core-s are megabytes of the
// segments before.
func BenchmarkRewriting(b *testing.B) {
	lines := synthetic(hundredThousand)
	var tenth [][]byte
	for i := 0; i < len(lines); i += 10 {
		tenth = append(tenth, lines[i])
	}
	for _, c := range []struct {
		name    string
		again   bool // the segments were compacted
		rewrite func(*datastore.Store) error
	}{
		{"rotate", false, func(s *datastore.Store) error { return s.RotateKey(ctx, nil) }},
		{"compact", false, func(s *datastore.Store) error { return s.Compact(ctx, nil, nil) }},
		{"compact-again", true, func(s *datastore.Store) error {
			return s.Compact(ctx, &datastore.Retention{Versions: 1}, nil)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var cpu cputime.Watch
			bytes := int64(0)
			for b.Loop() {
				b.StopTimer()
				store, path, _ := openBench(b, true)
				require.NoError(b, importLines(store, lines))
				if c.again {
					require.NoError(b, importLines(store, tenth))
					require.NoError(b, store.Compact(ctx, nil, nil))
				}
				bytes += segmentBytes(b, path)
				b.StartTimer()
				cpu.Start()
				if err := c.rewrite(store); err != nil {
					b.Fatal(err)
				}
				cpu.Stop()
				b.StopTimer()
				require.NoError(b, store.Close())
				require.NoError(b, os.RemoveAll(path))
				b.StartTimer()
			}
			b.ReportMetric(float64(bytes)/1e6/b.Elapsed().Seconds(), "MB/s")
			b.ReportMetric(cpu.Rate(int(bytes>>10))*1024/1e6, "MB/core-s")
		})
	}
}

// A foreground has the times of creates and of reads.
type foreground struct{ creates, reads []time.Duration }

// p99 returns the 99th percentiles.
func (f *foreground) p99() (create, read time.Duration) {
	slices.Sort(f.creates)
	slices.Sort(f.reads)
	last := len(f.creates) * 99 / 100
	return f.creates[last], f.reads[last]
}

// BenchmarkBesideRewriting creates and reads single resources, one a millisecond, alone and
// beside work on the whole log, which goes on until the last is read. It compares the 99th
// percentiles of one run, and tells the longest create and read: in memory, where no disk is
// waited for, they bound how long Compact holds a lock.
func BenchmarkBesideRewriting(b *testing.B) {
	lines := synthetic(hundredThousand)
	names := refs(lines)
	rotate := func(ctx context.Context, s *datastore.Store) error { return s.RotateKey(ctx, nil) }
	compact := func(ctx context.Context, s *datastore.Store) error { return s.Compact(ctx, nil, nil) }
	for _, c := range []struct {
		name   string
		folder bool
		work   func(context.Context, *datastore.Store) error
	}{
		{"rotate", true, rotate}, {"compact", true, compact}, {"compact in memory", false, compact},
	} {
		b.Run(c.name, func(b *testing.B) {
			store, _, _ := openBench(b, c.folder)
			defer store.Close()
			require.NoError(b, importLines(store, lines))
			pace := time.NewTicker(time.Millisecond)
			defer pace.Stop()
			at := 0
			var alone, beside foreground
			times := func(n int, of *foreground) {
				for range n {
					<-pace.C
					at++
					begun := time.Now()
					_, err := store.Create(ctx, observed("", grouped(at), at))
					require.NoError(b, err)
					created := time.Now()
					_, err = store.Read(ctx, names[at*7919%len(names)])
					require.NoError(b, err)
					of.creates, of.reads = append(of.creates, created.Sub(begun)), append(of.reads, time.Since(created))
				}
			}
			const rounds = 1000
			for b.Loop() {
				times(rounds, &alone)
				working, stop := context.WithCancel(ctx)
				var worker sync.WaitGroup
				worker.Go(func() {
					if err := c.work(working, store); err != nil && working.Err() == nil {
						b.Error(err)
					}
				})
				times(rounds, &beside)
				stop()
				worker.Wait()
			}
			create, read := alone.p99()
			createBeside, readBeside := beside.p99()
			b.ReportMetric(float64(create.Microseconds()), "p99-create-µs")
			b.ReportMetric(float64(createBeside.Microseconds()), "p99-create-beside-µs")
			b.ReportMetric(float64(createBeside)/float64(create), "create-ratio")
			b.ReportMetric(float64(read.Nanoseconds())/1e3, "p99-read-µs")
			b.ReportMetric(float64(readBeside.Nanoseconds())/1e3, "p99-read-beside-µs")
			b.ReportMetric(float64(readBeside)/float64(read), "read-ratio")
			b.ReportMetric(float64(slices.Max(beside.creates).Microseconds()), "max-create-beside-µs")
			b.ReportMetric(float64(slices.Max(beside.reads).Microseconds()), "max-read-beside-µs")
			b.ReportMetric(0, "ns/op") // of the pace, and of no interest
		})
	}
}

// BenchmarkVerify verifies a store of 100,000 resources in a folder: every version is
// opened, parsed and indexed anew.
func BenchmarkVerify(b *testing.B) {
	lines := synthetic(hundredThousand)
	store, _, _ := openBench(b, true)
	defer store.Close()
	require.NoError(b, importLines(store, lines))
	b.ReportAllocs()
	var cpu cputime.Watch
	for b.Loop() {
		cpu.Start()
		if err := store.Verify(ctx); err != nil {
			b.Fatal(err)
		}
		cpu.Stop()
	}
	b.ReportMetric(float64(len(lines)*b.N)/b.Elapsed().Seconds(), "versions/s")
	b.ReportMetric(cpu.Rate(len(lines)*b.N), "versions/core-s")
}
