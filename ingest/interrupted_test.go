package ingest_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// cutFS calls a function once n bytes of its files were read.
type cutFS struct {
	fs.FS
	n   *int
	cut func()
}

func (c cutFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	return cutFile{f, c}, err
}

type cutFile struct {
	fs.File
	of cutFS
}

// cutting guards the counts of all cutFS: files are read side by side.
var cutting sync.Mutex

func (f cutFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	cutting.Lock()
	*f.of.n -= n
	over := *f.of.n <= 0
	cutting.Unlock()
	if over {
		f.of.cut()
	}
	return n, err
}

func (f cutFile) ReadDir(n int) ([]fs.DirEntry, error) { return f.File.(fs.ReadDirFile).ReadDir(n) }

// storeIn returns a function that opens the store of a folder.
func storeIn(t *testing.T, folder string) func() *datastore.Store {
	return func() *datastore.Store {
		store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key")), Now: now})
		require.NoError(t, err)
		return store
	}
}

// interrupted starts an import and resumes it until it ends, and returns its result and
// the number of its rounds. options says how a round is made and may have it stopped;
// stopped is called after each round that was, and may open *store again.
func interrupted(t *testing.T, store **datastore.Store, options func(round int, cancel func()) ingest.Options, stopped func(id string, result ingest.Result, err error)) (ingest.Result, int) {
	id := ""
	for round := 1; ; round++ {
		running, cancel := context.WithCancel(ctx)
		var job *ingest.Job
		var result ingest.Result
		var err error
		if how := options(round, cancel); id == "" {
			job, err = ingest.Start(running, *store, how)
		} else {
			job, err = ingest.Resume(running, *store, id, how)
		}
		if err == nil {
			id = job.ID()
			result, err = job.Wait()
		}
		cancel()
		if err == nil {
			return result, round
		}
		require.Less(t, round, 1000, "the job does not get on: %v", err)
		stopped(id, result, err)
	}
}
