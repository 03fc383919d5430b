package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// split makes files of so many lines each.
func split(text []byte, lines int) fstest.MapFS {
	folder := fstest.MapFS{}
	var file []byte
	n := 0
	end := func() {
		if len(file) > 0 {
			folder[fmt.Sprintf("%06d.ndjson", len(folder))] = &fstest.MapFile{Data: file}
		}
		file = nil
	}
	for line := range bytes.Lines(text) {
		file = append(file, line...)
		if n++; n%lines == 0 {
			end()
		}
	}
	end()
	return folder
}

// TestManyFiles imports the same lines as one file and as many: stores and counts are the
// same, and it takes as few commits.
func TestManyFiles(t *testing.T) {
	text := synthetic(t, 10)
	commits := func(store *datastore.Store) (n int) {
		last := uint64(0)
		for c, err := range store.Changes(ctx, 0) {
			require.NoError(t, err)
			if last, n = c.Sequence, n+1; last >= store.Snapshot().Sequence()-1 {
				break // the last commit is of the register alone
			}
		}
		return n
	}
	one, many := open(t, nil), open(t, nil)
	want, err := run(t, one, ingest.Options{From: split(text, 1<<30)})
	require.NoError(t, err)
	files := split(text, 7)
	got, err := run(t, many, ingest.Options{From: files})
	require.NoError(t, err)
	require.Equal(t, want.Counts, got.Counts)
	require.Len(t, got.Files, len(files))
	require.Equal(t, contents(t, one), contents(t, many))
	require.LessOrEqual(t, commits(many), 2*commits(one)+1)
}

// crowd is a folder whose files open once so many of them are opened at a time.
type crowd struct {
	fs.FS
	mu      sync.Mutex
	waiting int
	enough  int
	open    chan struct{}
}

func (c *crowd) Open(name string) (fs.File, error) {
	if name != "." {
		c.mu.Lock()
		if c.waiting++; c.waiting == c.enough {
			close(c.open)
		}
		c.mu.Unlock()
		<-c.open
	}
	return c.FS.Open(name)
}

// TestFilesOpenTogether has files that take long to open, as those of a bucket, wait for
// each other.
func TestFilesOpenTogether(t *testing.T) {
	for _, ahead := range []int{0, 1, 7} {
		enough := ahead
		if enough == 0 {
			enough = 32
		}
		from := &crowd{FS: split(synthetic(t, 2), 5), enough: enough, open: make(chan struct{})}
		running, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		job, err := ingest.Start(running, open(t, nil), ingest.Options{From: from, Ahead: ahead})
		require.NoError(t, err)
		result, err := job.Wait()
		require.NoError(t, err)
		require.Zero(t, result.Failed())
	}
	_, err := ingest.Start(ctx, open(t, nil), ingest.Options{Reader: bytes.NewReader(nil), Ahead: -1})
	require.ErrorContains(t, err, "Ahead")
}

// opens counts the files that are open.
type opens struct {
	fs.FS
	mu   sync.Mutex
	open int
	most int
	stop func() // called with each file
}

type opened struct {
	fs.File
	of *opens
}

func (o *opens) Open(name string) (fs.File, error) {
	f, err := o.FS.Open(name)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open++
	o.most = max(o.most, o.open)
	if o.stop != nil {
		o.stop()
	}
	return opened{f, o}, err
}

func (f opened) Close() error {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	f.of.open--
	return f.File.Close()
}

func (f opened) ReadDir(n int) ([]fs.DirEntry, error) { return f.File.(fs.ReadDirFile).ReadDir(n) }

// TestFilesAreClosed has a job that ends, or is cancelled, leave no file open, and never
// open more than it may.
func TestFilesAreClosed(t *testing.T) {
	big := split(synthetic(t, 10), 400) // more than is read ahead
	for after := range 12 {
		from := &opens{FS: big}
		running, cancel := context.WithCancel(ctx)
		if n := after; after > 0 {
			from.stop = func() {
				if n--; n == 0 {
					cancel()
				}
			}
		}
		job, err := ingest.Start(running, open(t, nil), ingest.Options{From: from, Ahead: 3})
		require.NoError(t, err)
		_, _ = job.Wait()
		cancel()
		require.Eventually(t, func() bool {
			from.mu.Lock()
			defer from.mu.Unlock()
			return from.open == 0
		}, 10*time.Second, time.Millisecond)
		from.mu.Lock() // a file may be opened, and closed at once, as the job ends
		require.LessOrEqual(t, from.most, 4, "and the one that is read")
		from.mu.Unlock()
	}
}

// slow is a folder whose files take a while to open.
type slow struct {
	fs.FS
	latency time.Duration
}

func (s slow) Open(name string) (fs.File, error) {
	if name != "." {
		time.Sleep(s.latency)
	}
	return s.FS.Open(name)
}

// BenchmarkFiles imports 20,000 lines as one file, as files of ten, and as those of a bucket
// that answers after 50 ms, with a report and without.
func BenchmarkFiles(b *testing.B) {
	text := synthetic(b, 54)
	for _, c := range []struct {
		name    string
		lines   int
		latency time.Duration
		report  bool
	}{
		{"one", 1 << 30, 0, false}, {"ten lines", 10, 0, false}, {"ten lines late", 10, 50 * time.Millisecond, false},
		{"one reported", 1 << 30, 0, true}, {"ten lines reported", 10, 0, true},
	} {
		files := split(text, c.lines)
		b.Run(c.name, func(b *testing.B) {
			var resources int64
			for b.Loop() {
				b.StopTimer()
				folder := b.TempDir()
				store, err := datastore.Open(b.Context(), filepath.Join(folder, "store"), &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))})
				require.NoError(b, err)
				var sink ingest.Sink
				if c.report {
					sink = ingest.DirSink(filepath.Join(folder, "report"))
				}
				b.StartTimer()
				result, err := run(b, store, ingest.Options{From: slow{files, c.latency}, Report: sink})
				b.StopTimer()
				require.NoError(b, err)
				require.Zero(b, result.Failed())
				resources += result.Imported
				require.NoError(b, store.Close())
				b.StartTimer()
			}
			b.ReportMetric(float64(resources)/b.Elapsed().Seconds(), "res/s")
			b.ReportMetric(float64(len(files)), "files")
		})
	}
}
