package export_test

import (
	"context"
	"io"
	"runtime"
	"testing"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
)

// An unruly sink does something of its own at one of its methods, and counts the files
// that were made and those that were given up or closed.
type unruly struct {
	at         string
	do         func()
	made, done *int
}

func (u unruly) happen(at string) {
	if at == u.at {
		u.do()
	}
}

func (u unruly) Create(string) (io.WriteCloser, error) {
	u.happen("Create")
	*u.made++
	return unrulyFile{u}, nil
}

type unrulyFile struct{ unruly }

func (f unrulyFile) Write(p []byte) (int, error) { f.happen("Write"); return len(p), nil }
func (f unrulyFile) Close() error                { *f.done++; f.happen("Close"); return nil }
func (f unrulyFile) Abort() error                { *f.done++; f.happen("Abort"); return nil }

// TestUnrulyCallbacks has each function of the options panic, end its goroutine and
// hang: an error of the job, which ends, at last when it is cancelled.
func TestUnrulyCallbacks(t *testing.T) {
	for _, at := range []string{"Create", "Write", "Close", "Progress"} {
		for _, kind := range []string{"panics", "ends", "hangs"} {
			t.Run(at+" "+kind, func(t *testing.T) {
				t.Parallel()
				store := storetest.Open(t, nil)
				load(t, store, ingest.Synthetic(1, 2))
				running, cancel := context.WithCancel(ctx)
				defer cancel()
				hang := make(chan struct{})
				made, done := 0, 0
				u := unruly{at, map[string]func(){
					"panics": func() { panic("secret") }, "ends": runtime.Goexit, "hangs": func() { cancel(); <-hang },
				}[kind], &made, &done}
				job, err := export.Start(running, store, export.Options{To: u, Progress: func(export.Progress) { u.happen("Progress") }})
				require.NoError(t, err)
				_, err = job.Wait()
				require.Error(t, err)
				require.NotContains(t, err.Error(), "secret")
				close(hang)
				if kind != "hangs" { // one of those ends by its context as well
					require.ErrorIs(t, err, datastore.ErrCallback)
					require.Equal(t, made, done, "no file is left open")
				}
				stats, err := store.Stats()
				require.NoError(t, err)
				require.Zero(t, stats.Held)
			})
		}
	}
}
