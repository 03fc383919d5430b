package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"testing"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	register "github.com/fhirlake/fhirlake/jobs"
)

// failingAfter is a sink that takes some files and then fails.
func failingAfter(to export.Sink, n int, err error) export.Sink {
	return sinkFunc(func(name string) (io.WriteCloser, error) {
		if n--; n < 0 {
			return nil, err
		}
		return to.Create(name)
	})
}

func requireSameFiles(t *testing.T, want, got *storetest.Sink) {
	t.Helper()
	require.Equal(t, want.Names(), got.Names())
	for _, name := range want.Names() {
		require.True(t, bytes.Equal(want.File(name), got.File(name)), name)
	}
}

// TestResume stops jobs after each number of files, writes meanwhile, opens the store
// anew and resumes: the files are those of a job that nothing stopped.
func TestResume(t *testing.T) {
	for name, opts := range map[string]export.Options{
		"types":     {FileSize: 100_000},
		"organized": {FileSize: 100_000, OrganizeBy: "Patient"},
		"history":   {FileSize: 100_000, History: true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store")
			options := &datastore.Options{Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key"))}
			store, err := datastore.Open(ctx, path, options)
			require.NoError(t, err)
			defer func() { require.NoError(t, store.Close()) }()
			load(t, store, ingest.Synthetic(1, 3))
			for stopAfter := 0; ; stopAfter += 5 {
				var want, got storetest.Sink
				now := store.Snapshot()
				opts.To = &want
				whole, err := run(t, now, opts)
				require.NoError(t, err)
				now.Close()
				full := errors.New("full")
				opts.To = failingAfter(&got, stopAfter, full)
				job, err := export.Start(ctx, store, opts)
				require.NoError(t, err)
				_, err = job.Wait()
				if err == nil {
					break
				}
				require.ErrorIs(t, err, full)
				record, err := register.Get(ctx, store, job.ID())
				require.NoError(t, err)
				require.Equal(t, register.Failed, record.Status)
				update(t, store, fmt.Sprintf(`{"resourceType":"Patient","id":"new-%d"}`, stopAfter))
				require.NoError(t, store.Close())
				store, err = datastore.Open(ctx, path, options)
				require.NoError(t, err)
				job, err = export.Resume(ctx, store, job.ID(), export.Options{To: &got})
				require.NoError(t, err)
				result, err := job.Wait()
				require.NoError(t, err)
				require.False(t, result.Anew)
				require.Equal(t, whole.Files, result.Files)
				require.Equal(t, whole.Resources, result.Resources)
				requireSameFiles(t, &want, &got)
				_, err = export.Resume(ctx, store, job.ID(), export.Options{To: &got})
				require.ErrorIs(t, err, register.ErrEnded)
			}
		})
	}
}

func TestRegisterOfExports(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 3))
	var out storetest.Sink
	opts := export.Options{To: &out, ClientToken: "once", JobName: "nightly", Output: "folder", Types: []string{"Patient"}}
	first, err := export.Start(ctx, store, opts)
	require.NoError(t, err)
	want, err := first.Wait()
	require.NoError(t, err)
	again, err := export.Start(ctx, store, opts)
	require.NoError(t, err)
	got, err := again.Wait()
	require.NoError(t, err)
	require.Equal(t, first.ID(), again.ID())
	require.Equal(t, want.Files, got.Files)
	opts.Types = nil
	_, err = export.Start(ctx, store, opts)
	require.ErrorIs(t, err, register.ErrToken)

	page, err := register.List(ctx, store, register.Filter{Kind: register.Export, Name: "nightly"})
	require.NoError(t, err)
	require.Len(t, page.Jobs, 1)
	require.Equal(t, register.Completed, page.Jobs[0].Status)
	require.Equal(t, "folder", page.Jobs[0].Output)
	require.JSONEq(t, `{"types":["Patient"]}`, string(page.Jobs[0].Properties))
	_, err = run(t, store.Snapshot(), export.Options{To: discard{}})
	require.NoError(t, err)
	page, err = register.List(ctx, store, register.Filter{Kind: register.Export})
	require.NoError(t, err)
	require.Len(t, page.Jobs, 1, "an export of a snapshot is not registered")
}

// waiting is a sink that says when it was asked, and waits.
func waiting(to export.Sink) (sink export.Sink, entered, free chan struct{}) {
	entered, free = make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(entered) })
	return sinkFunc(func(name string) (io.WriteCloser, error) { once(); <-free; return to.Create(name) }), entered, free
}

func TestCancelByID(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 3))
	sink, entered, free := waiting(discard{})
	job, err := export.Start(ctx, store, export.Options{To: sink})
	require.NoError(t, err)
	<-entered
	_, err = export.Resume(ctx, store, job.ID(), export.Options{To: sink})
	require.ErrorIs(t, err, register.ErrRunning)
	require.NoError(t, register.Cancel(ctx, store, job.ID()))
	close(free)
	result, err := job.Wait()
	require.Error(t, err)
	require.Equal(t, register.Cancelled, result.Status)
	record, err := register.Get(ctx, store, job.ID())
	require.NoError(t, err)
	require.Equal(t, register.Cancelled, record.Status)
	_, err = export.Resume(ctx, store, job.ID(), export.Options{To: discard{}, Types: []string{"Patient"}})
	require.ErrorIs(t, err, export.ErrChanged)
}

// TestNothingIsHeld writes all anew while a job waits, and sees that the job holds
// nothing back and still exports its state.
func TestNothingIsHeld(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 2))
	var want, got storetest.Sink
	now := store.Snapshot()
	_, err := run(t, now, export.Options{To: &want})
	require.NoError(t, err)
	now.Close()
	sink, entered, free := waiting(&got)
	job, err := export.Start(ctx, store, export.Options{To: sink})
	require.NoError(t, err)
	<-entered
	stats, err := store.Stats()
	require.NoError(t, err)
	require.Zero(t, stats.Held)
	load(t, store, ingest.Synthetic(2, 2))
	for v, err := range now.History(ctx, datastore.Ref{Type: "Patient"}, nil) {
		require.NoError(t, err)
		require.NoError(t, store.Delete(ctx, v.Ref))
	}
	close(free)
	_, err = job.Wait()
	require.NoError(t, err)
	requireSameFiles(t, &want, &got)
}

func TestManyExportsAtOnce(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 2))
	var all [6]storetest.Sink
	var started []*export.Job
	for i := range all {
		job, err := export.Start(ctx, store, export.Options{To: &all[i], Types: []string{"Patient", "Observation"}})
		require.NoError(t, err)
		started = append(started, job)
	}
	for i, job := range started {
		_, err := job.Wait()
		require.NoError(t, err)
		require.Equal(t, all[0].File("Patient.ndjson"), all[i].File("Patient.ndjson"))
	}
}
