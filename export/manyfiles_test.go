package export_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	register "github.com/fhirlake/fhirlake/jobs"
)

// patients returns lines of as many patients.
func patients(n int, family string) io.Reader {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `{"resourceType":"Patient","id":"p%d","name":[{"family":"%s"}]}`+"\n", i, family)
	}
	return strings.NewReader(text.String())
}

// TestManyFiles exports into thousands of files, stops, resumes, and sees that the
// register's record does not grow with them.
func TestManyFiles(t *testing.T) {
	const n = 6500
	store := storetest.Open(t, nil)
	load(t, store, patients(n, "x"))
	full := errors.New("full")
	opts := export.Options{To: failingAfter(discard{}, 4321, full), FileSize: 1, ClientToken: "once"}
	job, err := export.Start(ctx, store, opts)
	require.NoError(t, err)
	_, err = job.Wait()
	require.ErrorIs(t, err, full)
	job, err = export.Resume(ctx, store, job.ID(), export.Options{To: discard{}})
	require.NoError(t, err)
	require.EqualValues(t, 4321, job.Progress().Resources)
	want, err := job.Wait()
	require.NoError(t, err)
	require.Len(t, want.Files, n)
	require.Equal(t, "Patient-6500.ndjson", want.Files[n-1].Name)
	for _, f := range want.Files {
		require.EqualValues(t, 1, f.Count)
	}

	value, err := store.State(ctx, "jobs/"+job.ID())
	require.NoError(t, err)
	require.Less(t, len(value), 1<<10)
	for _, name := range store.StateNames(register.Work(job.ID(), "")) {
		value, err := store.State(ctx, name)
		require.NoError(t, err)
		require.Less(t, len(value), 1<<14)
	}
	again, err := export.Start(ctx, store, opts)
	require.NoError(t, err)
	got, err := again.Wait()
	require.NoError(t, err)
	require.Equal(t, want.Files, got.Files)
	record, err := register.Get(ctx, store, job.ID())
	require.NoError(t, err)
	require.EqualValues(t, n, record.Written.Files)
	require.EqualValues(t, n, record.Written.Resources)
	require.NoError(t, register.Forget(ctx, store, job.ID()))
	require.Empty(t, store.StateNames("work/"))
}

// TestAnewAfterASweep resumes a job whose state was swept: it begins anew, as of the
// newest state, and says so.
func TestAnewAfterASweep(t *testing.T) {
	const n = 11_000 // a sweep wants 10,000 versions to remove
	folder := t.TempDir()
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	reopen := func() *datastore.Store {
		store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{
			Key: datastore.KeyFile(filepath.Join(folder, "key")), Now: func() time.Time { return clock },
		})
		require.NoError(t, err)
		return store
	}
	store := reopen()
	load(t, store, patients(n, "before"))
	full := errors.New("full")
	job, err := export.Start(ctx, store, export.Options{To: failingAfter(discard{}, 3, full), FileSize: 100_000})
	require.NoError(t, err)
	stopped, err := job.Wait()
	require.ErrorIs(t, err, full)
	require.Len(t, stopped.Files, 3)
	load(t, store, patients(n, "after"))
	require.NoError(t, store.Close())

	clock = clock.Add(time.Hour)
	store = reopen()
	defer func() { require.NoError(t, store.Close()) }()
	require.Eventually(t, func() bool {
		stats, err := store.Stats()
		require.NoError(t, err)
		return stats.Swept > 0
	}, 30*time.Second, time.Millisecond)
	var out storetest.Sink
	job, err = export.Resume(ctx, store, job.ID(), export.Options{To: &out})
	require.NoError(t, err)
	result, err := job.Wait()
	require.NoError(t, err)
	require.True(t, result.Anew)
	require.EqualValues(t, n, result.Resources)
	for _, f := range result.Files {
		require.NotContains(t, string(out.File(f.Name)), "before")
		require.Contains(t, string(out.File(f.Name)), "after")
	}
	require.Contains(t, string(out.File("manifest.json")), result.Files[len(result.Files)-1].Name)
	record, err := register.Get(ctx, store, job.ID())
	require.NoError(t, err)
	require.EqualValues(t, len(result.Files), record.Written.Files)
	require.EqualValues(t, n, record.Written.Resources)
}
