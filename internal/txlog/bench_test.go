package txlog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// Sizes of an item after compression: values as the index needs them, and a
// body of 1.4 KB at 3.7 to 1.
const (
	benchValues = 150
	benchBody   = 380
)

func benchItems(n, values, body int) []txlog.Item {
	rng := rand.New(rand.NewPCG(1, 1))
	items := make([]txlog.Item, n)
	for i := range items {
		items[i] = txlog.Item{Values: make([]byte, values), Body: make([]byte, body)}
		for j := range items[i].Body {
			items[i].Body[j] = byte(rng.Uint32())
		}
	}
	return items
}

func benchLog(b *testing.B, fsys txlog.FS, records, items int) (*txlog.Log, *txlog.Options) {
	opts := &txlog.Options{FS: fsys, Wrapper: seal.RandomKey()}
	l, err := txlog.Open(context.Background(), "", opts)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, l.Close()) })
	content := rec{items: benchItems(items, benchValues, benchBody)}
	for range records {
		require.NoError(b, appendNext(l, content))
	}
	return l, opts
}

// noSync is a folder whose files need no sync: what remains is our own cost.
type noSync struct{ txlog.FS }

func (f noSync) Mount(create bool) (txlog.Folder, error) {
	folder, err := f.FS.Mount(create)
	return noSyncFolder{folder}, err
}

type noSyncFolder struct{ txlog.Folder }

func (f noSyncFolder) Open(name string, flag int) (txlog.File, error) {
	file, err := f.Folder.Open(name, flag)
	return noSyncFile{file}, err
}

func (f noSyncFolder) Lock(file txlog.File) error { return f.Folder.Lock(file.(noSyncFile).File) }

func (f noSyncFolder) Check(name string, file txlog.File) error {
	return f.Folder.Check(name, file.(noSyncFile).File)
}

type noSyncFile struct{ txlog.File }

func (noSyncFile) Sync() error { return nil }

func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name   string
		fsys   func(b *testing.B) txlog.FS
		items  int
		values int
		body   int
	}{
		{"folder/1", func(b *testing.B) txlog.FS { return txlog.OSFolder(b.TempDir()) }, 1, benchValues, benchBody},
		{"folder/500", func(b *testing.B) txlog.FS { return txlog.OSFolder(b.TempDir()) }, 500, 400, 1600},
		{"unsynced/500", func(b *testing.B) txlog.FS { return noSync{txlog.OSFolder(b.TempDir())} }, 500, 400, 1600},
		{"memory/1", func(*testing.B) txlog.FS { return txlog.NewMemory() }, 1, benchValues, benchBody},
		{"memory/500", func(*testing.B) txlog.FS { return txlog.NewMemory() }, 500, 400, 1600},
	} {
		b.Run(c.name, func(b *testing.B) {
			l, _ := benchLog(b, c.fsys(b), 0, 1)
			content := rec{items: benchItems(c.items, c.values, c.body)}
			b.SetBytes(int64(c.items * (c.values + c.body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := appendNext(l, content); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*c.items)/b.Elapsed().Seconds(), "res/s")
		})
	}
}

func BenchmarkBody(b *testing.B) {
	// 150,000 items are 85 MB: one closed segment and an open one.
	l, _ := benchLog(b, noSync{txlog.OSFolder(b.TempDir())}, 300, 500)
	next := l.Last().Next
	for _, c := range []struct {
		name string
		from txlog.Number
		n    txlog.Number
	}{{"closed", 1, next / 2}, {"open", next - next/10, next / 10}} {
		b.Run(c.name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			dst := make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Body(c.from+txlog.Number(rng.Uint64N(uint64(c.n))), dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen opens a store and reads all records, as a store's opening
// does: records alone, and with values opened on all cores.
func BenchmarkOpen(b *testing.B) {
	const records, items = 400, 500
	fsys := noSync{txlog.OSFolder(b.TempDir())}
	l, opts := benchLog(b, fsys, records, items)
	require.NoError(b, l.Close())
	for _, values := range []bool{false, true} {
		b.Run(fmt.Sprintf("values=%v", values), func(b *testing.B) {
			b.ReportAllocs()
			size := int64(0)
			for b.Loop() {
				l, err := txlog.Open(b.Context(), "", opts)
				require.NoError(b, err)
				size = scan(b, l, values)
				require.NoError(b, l.Close())
			}
			b.SetBytes(size)
			b.ReportMetric(float64(b.N*records*items)/b.Elapsed().Seconds(), "res/s")
		})
	}
}

func scan(b *testing.B, l *txlog.Log, values bool) (size int64) {
	work := make(chan *txlog.Record, 4)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			dst := make([]byte, 0, 4096)
			for r := range work {
				for i := range r.Len() {
					if _, err := r.Values(i, dst); err != nil {
						b.Error(err)
					}
				}
			}
		})
	}
	for r, err := range l.Records(context.Background(), 0) {
		require.NoError(b, err)
		size += int64(r.Size())
		if values {
			work <- r
		}
	}
	close(work)
	workers.Wait()
	return size
}

// BenchmarkRewrite rewrites a closed segment of 16 MiB: moved as it is, and with
// all of it sealed anew.
func BenchmarkRewrite(b *testing.B) {
	for _, sealed := range []bool{false, true} {
		b.Run(fmt.Sprintf("sealed=%v", sealed), func(b *testing.B) {
			l, _ := benchLog(b, noSync{txlog.OSFolder(b.TempDir())}, 60, 500)
			change := func(_ txlog.Number, _ txlog.Kind, values, _ func() ([]byte, error)) (txlog.Changed, error) {
				if !sealed {
					return txlog.Changed{}, nil
				}
				v, err := values()
				return txlog.Changed{Values: v}, err
			}
			b.SetBytes(l.Segments()[0].Bytes)
			for b.Loop() {
				if err := l.Rewrite(b.Context(), closedNames(l)[:1], change); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReopen opens and closes a small store in a folder: what beginning a
// term costs.
func BenchmarkReopen(b *testing.B) {
	l, opts := benchLog(b, txlog.OSFolder(b.TempDir()), 1, 1)
	require.NoError(b, l.Close())
	b.ReportAllocs()
	for b.Loop() {
		l, err := txlog.Open(b.Context(), "", opts)
		require.NoError(b, err)
		require.NoError(b, l.Close())
	}
}

// BenchmarkRotation seals a log of 80 MB anew, in a folder with its syncs, and says what
// a core does in a second.
func BenchmarkRotation(b *testing.B) {
	l, _ := benchLog(b, txlog.OSFolder(b.TempDir()), 300, 500)
	size := int64(0)
	for _, s := range l.Segments() {
		size += s.Bytes
	}
	b.SetBytes(size)
	b.ReportAllocs()
	var cpu cputime.Watch
	for b.Loop() {
		cpu.Start()
		require.NoError(b, rotate(l))
		cpu.Stop()
	}
	b.ReportMetric(cpu.Rate(b.N*int(size>>10))/1024, "MB/core-s")
}

// BenchmarkAppendBesideRotation appends single items while all else is sealed anew, and
// compares the 99th percentile with that of appends alone in the same run.
func BenchmarkAppendBesideRotation(b *testing.B) {
	l, _ := benchLog(b, txlog.OSFolder(b.TempDir()), 200, 500)
	small := rec{items: benchItems(1, benchValues, benchBody)}
	appends := func(more func() bool) (p99 time.Duration, n int) {
		var took []time.Duration
		for more() {
			begun := time.Now()
			require.NoError(b, appendNext(l, small))
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		return took[len(took)*99/100], len(took)
	}
	for b.Loop() {
		n := 0
		alone, _ := appends(func() bool { n++; return n <= 2000 })
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := rotate(l); err != nil {
				b.Error(err)
			}
		}()
		begun := time.Now()
		beside, count := appends(func() bool {
			select {
			case <-done:
				return false
			default:
				return true
			}
		})
		b.ReportMetric(float64(alone.Microseconds()), "p99-alone-µs")
		b.ReportMetric(float64(beside.Microseconds()), "p99-beside-µs")
		b.ReportMetric(float64(beside)/float64(alone), "p99-ratio")
		b.ReportMetric(float64(count), "appends")
		b.ReportMetric(time.Since(begun).Seconds(), "s-rotating")
	}
}
