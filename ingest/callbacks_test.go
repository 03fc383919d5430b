package ingest_test

import (
	"context"
	"io"
	"io/fs"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
)

// An unruly thing is a folder, a file, a sink and what is written to it, that does
// something of its own at one of its methods.
type unruly struct {
	fstest.MapFS
	at string
	do func()
}

func (u unruly) happen(at string) {
	if at == u.at {
		u.do()
	}
}

func (u unruly) Open(name string) (fs.File, error) {
	u.happen("Open")
	f, err := u.MapFS.Open(name)
	return unrulyFile{f, u}, err
}

func (u unruly) Stat(name string) (fs.FileInfo, error) {
	u.happen("Stat")
	return u.MapFS.Stat(name)
}

func (u unruly) ReadDir(name string) ([]fs.DirEntry, error) {
	u.happen("ReadDir")
	return u.MapFS.ReadDir(name)
}

func (u unruly) Create(string) (io.WriteCloser, error) {
	u.happen("Create")
	return unrulyWriter{u}, nil
}

type unrulyFile struct {
	fs.File
	unruly
}

func (f unrulyFile) Read(p []byte) (int, error) { f.happen("Read"); return f.File.Read(p) }
func (f unrulyFile) Stat() (fs.FileInfo, error) { return f.File.Stat() }
func (f unrulyFile) Close() error               { f.happen("Close"); return f.File.Close() }

type unrulyWriter struct{ unruly }

func (w unrulyWriter) Write(p []byte) (int, error) { w.happen("Write"); return len(p), nil }
func (w unrulyWriter) Close() error                { w.happen("Close report"); return nil }

// TestUnrulyCallbacks has each function and interface of the options panic and end its
// goroutine: an error of the job, which ends. The store goes on.
func TestUnrulyCallbacks(t *testing.T) {
	for _, at := range []string{"Open", "Stat", "ReadDir", "Read", "Close", "Create", "Write", "Close report", "Progress"} {
		for name, do := range map[string]func(){"panics": func() { panic("secret") }, "ends": runtime.Goexit} {
			t.Run(at+" "+name, func(t *testing.T) {
				store := open(t, nil)
				u := unruly{fstest.MapFS{"a.ndjson": {Data: []byte(patient("a", "x") + "\nbad\n")}}, at, do}
				job, err := ingest.Start(ctx, store, ingest.Options{From: u, Report: u, Progress: func(ingest.Progress) { u.happen("Progress") }})
				if err == nil {
					_, err = job.Wait()
				}
				require.ErrorIs(t, err, datastore.ErrCallback)
				require.NotContains(t, err.Error(), "secret")
				_, err = store.Update(ctx, []byte(patient("b", "y")))
				require.NoError(t, err)
			})
		}
	}
}

// TestCallbacksThatCallBack has functions of the options use the store.
func TestCallbacksThatCallBack(t *testing.T) {
	for _, at := range []string{"Open", "Read", "Close", "Create", "Write", "Close report", "Progress"} {
		t.Run(at, func(t *testing.T) {
			store := open(t, nil)
			u := unruly{fstest.MapFS{"a.ndjson": {Data: []byte(patient("a", "x") + "\nbad\n")}}, at, func() {
				_, err := store.Update(ctx, []byte(patient("b", "y")))
				require.NoError(t, err)
			}}
			result, err := run(t, store, ingest.Options{From: u, Report: u, Progress: func(ingest.Progress) { u.happen("Progress") }})
			require.NoError(t, err)
			require.EqualValues(t, 1, result.Imported)
			_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "b"})
			require.NoError(t, err)
		})
	}
}

// TestCancelWhileReadingHangs cancels an import whose input does not open, read or
// close, as a pipe that nobody writes to.
func TestCancelWhileReadingHangs(t *testing.T) {
	for _, at := range []string{"Open", "Read", "Close"} {
		t.Run(at, func(t *testing.T) {
			hang, entered := make(chan struct{}), make(chan struct{})
			u := unruly{fstest.MapFS{"a.ndjson": {Data: []byte(patient("a", "x"))}}, at, func() {
				close(entered)
				<-hang
			}}
			store := open(t, nil)
			job, err := ingest.Start(ctx, store, ingest.Options{From: u})
			require.NoError(t, err)
			<-entered
			job.Cancel()
			result, err := job.Wait()
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, ingest.Cancelled, result.Status)
			close(hang)
		})
	}
}

// TestReportThatHangs cancels an import whose report, or Progress, does not return.
func TestReportThatHangs(t *testing.T) {
	for _, at := range []string{"Create", "Write", "Close report", "Progress"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			running, cancel := context.WithCancel(ctx)
			defer cancel()
			hang := make(chan struct{})
			defer close(hang)
			u := unruly{fstest.MapFS{"a.ndjson": {Data: []byte(patient("a", "x") + "\nbad\n")}}, at, func() {
				cancel()
				<-hang
			}}
			store := open(t, nil)
			job, err := ingest.Start(running, store, ingest.Options{From: u, Report: u, Progress: func(ingest.Progress) { u.happen("Progress") }})
			require.NoError(t, err)
			_, err = job.Wait()
			require.ErrorIs(t, err, datastore.ErrCallback)
			_, err = store.Update(ctx, []byte(patient("b", "y")))
			require.NoError(t, err)
		})
	}
}
