//go:build unix

package ingest_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/ingest"
	internaljobs "github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/stretchr/testify/require"
)

// TestMemoryOfBadLines imports 8 MB of the shortest bad lines: what is told of them is
// not held all at once.
func TestMemoryOfBadLines(t *testing.T) {
	text := bytes.Repeat([]byte("{\n"), 4<<20)
	store := open(t, nil)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapInuse, uint64(0)
	job, err := ingest.Start(ctx, store, ingest.Options{Reader: bytes.NewReader(text), Report: internaljobs.Folder(t.TempDir())})
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = job.Wait()
	}()
	for ticker := time.NewTicker(5 * time.Millisecond); ; {
		select {
		case <-ticker.C:
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			continue
		case <-done:
			ticker.Stop()
		}
		break
	}
	result, err := job.Wait()
	require.NoError(t, err)
	require.EqualValues(t, 4<<20, result.CustomerErrors)
	t.Logf("heap at most %d MB above what it was", (most-min(most, before))>>20)
	require.Less(t, most-min(most, before), uint64(256<<20))
}

// tellingFS tells that a file is about to be opened.
type tellingFS struct {
	fs.FS
	opening chan<- struct{}
}

func (f tellingFS) Open(name string) (fs.File, error) {
	if name != "." {
		f.opening <- struct{}{}
	}
	return f.FS.Open(name)
}

// TestPipeInTheFolder cancels an import whose folder has a pipe with no other end.
func TestPipeInTheFolder(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(folder, "a.ndjson"), 0o600))
	running, cancel := context.WithCancel(ctx)
	opening := make(chan struct{}, 8)
	ended := make(chan error, 1)
	go func() {
		job, err := ingest.Start(running, open(t, nil), ingest.Options{From: tellingFS{os.DirFS(folder), opening}})
		if err == nil {
			_, err = job.Wait()
		}
		ended <- err
	}()
	<-opening
	cancel()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(20 * time.Second):
		t.Fatal("the import cannot be cancelled")
	}
	// Whoever waits for the pipe's other end is let go.
	if f, err := os.OpenFile(filepath.Join(folder, "a.ndjson"), os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		f.Close()
	}
}
