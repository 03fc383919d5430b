package jobs_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/jobs"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

func submit(t *testing.T, store *datastore.Store, r jobs.Record) string {
	t.Helper()
	entered, found, err := jobs.Submit(ctx, store, &r, "", "")
	require.NoError(t, err)
	require.False(t, found)
	return entered.ID
}

// pages lists page by page, and calls between each time.
func pages(t *testing.T, store *datastore.Store, f jobs.Filter, between func(jobs.Page)) (ids []string) {
	t.Helper()
	for {
		page, err := jobs.List(ctx, store, f)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Jobs), f.Max)
		for _, r := range page.Jobs {
			ids = append(ids, r.ID)
		}
		if page.Next == "" {
			return ids
		}
		if between != nil {
			between(page)
		}
		f.After = page.Next
	}
}

func TestList(t *testing.T) {
	store := storetest.Open(t, nil)
	var all []string
	for i := range 23 {
		r := jobs.Record{Kind: jobs.Import, Name: fmt.Sprint("job ", i%3), Status: jobs.Completed}
		if i%2 == 1 {
			r.Kind, r.Status = jobs.Export, jobs.InProgress
		}
		all = append([]string{submit(t, store, r)}, all...)
	}
	for _, limit := range []int{1, 2, 7, 22, 23, 24} {
		require.Equal(t, all, pages(t, store, jobs.Filter{Max: limit}, nil), "the newest first")
	}
	require.Len(t, pages(t, store, jobs.Filter{Max: 2, Kind: jobs.Export}, nil), 11)
	require.Len(t, pages(t, store, jobs.Filter{Max: 2, Name: "job 0"}, nil), 8)
	require.Len(t, pages(t, store, jobs.Filter{Max: 2, Name: "job 0", Status: jobs.Completed, Kind: jobs.Import}, nil), 4)
	require.Empty(t, pages(t, store, jobs.Filter{Max: 2, Name: "job"}, nil))
	middle, err := jobs.Get(ctx, store, all[10])
	require.NoError(t, err)
	require.Equal(t, all[:10], pages(t, store, jobs.Filter{Max: 3, SubmittedAfter: middle.Submitted}, nil))
	require.Equal(t, all[11:], pages(t, store, jobs.Filter{Max: 3, SubmittedBefore: middle.Submitted}, nil))
	page, err := jobs.List(ctx, store, jobs.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Jobs, 23)

	for _, token := range []string{"x", all[3], "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z "} {
		_, err = jobs.List(ctx, store, jobs.Filter{After: token})
		require.ErrorIs(t, err, jobs.ErrPage, token)
	}
}

// TestListWhileJobsComeAndGo forgets the last job of each page, and submits others.
// A filter that no job can pass is an error.
func TestListRefuses(t *testing.T) {
	store := storetest.Open(t, nil)
	for name, f := range map[string]jobs.Filter{
		"Max": {Max: -1}, "Kind": {Kind: "Import"}, "Status": {Status: "DONE"},
	} {
		_, err := jobs.List(t.Context(), store, f)
		require.ErrorContains(t, err, "jobs: Filter."+name)
	}
}

func TestListWhileJobsComeAndGo(t *testing.T) {
	store := storetest.Open(t, nil)
	var all []string
	for range 10 {
		all = append([]string{submit(t, store, jobs.Record{Kind: jobs.Import, Status: jobs.Completed})}, all...)
	}
	got := pages(t, store, jobs.Filter{Max: 3}, func(page jobs.Page) {
		require.NoError(t, jobs.Forget(ctx, store, page.Jobs[len(page.Jobs)-1].ID))
		submit(t, store, jobs.Record{Kind: jobs.Import})
	})
	require.Equal(t, all, got)
}

func TestForget(t *testing.T) {
	store := storetest.Open(t, nil)
	runs := submit(t, store, jobs.Record{Kind: jobs.Import, Status: jobs.InProgress})
	require.ErrorIs(t, jobs.Forget(ctx, store, runs), jobs.ErrRunning)
	require.ErrorIs(t, jobs.Forget(ctx, store, "none"), jobs.ErrNotFound)
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error { return tx.SetState(jobs.Work(runs, "files/0"), []byte("x")) })
	require.NoError(t, err)
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 5 {
		submit(t, store, jobs.Record{Kind: jobs.Export, Status: jobs.Completed, Ended: old.AddDate(i, 0, 0)})
	}
	n, err := jobs.ForgetEnded(ctx, store, old.AddDate(3, 0, 0))
	require.NoError(t, err)
	require.Equal(t, 3, n)
	page, err := jobs.List(ctx, store, jobs.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Jobs, 3, "one has not ended")

	require.NoError(t, jobs.Cancel(ctx, store, runs))
	require.ErrorIs(t, jobs.Cancel(ctx, store, runs), jobs.ErrEnded)
	require.NoError(t, jobs.Forget(ctx, store, runs))
	require.Empty(t, store.StateNames("work/"))
}

func TestClientTokenIsOfAKind(t *testing.T) {
	store := storetest.Open(t, nil)
	first, found, err := jobs.Submit(ctx, store, &jobs.Record{Kind: jobs.Import}, "t", "a")
	require.NoError(t, err)
	require.False(t, found)
	again, found, err := jobs.Submit(ctx, store, &jobs.Record{Kind: jobs.Import}, "t", "a")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, first.ID, again.ID)
	_, _, err = jobs.Submit(ctx, store, &jobs.Record{Kind: jobs.Import}, "t", "b")
	require.ErrorIs(t, err, jobs.ErrToken)
	_, found, err = jobs.Submit(ctx, store, &jobs.Record{Kind: jobs.Export}, "t", "b")
	require.NoError(t, err)
	require.False(t, found)
}

// TestRegisterOutlastsTheProcess lists after opening again, and sees that nothing runs.
func TestRegisterOutlastsTheProcess(t *testing.T) {
	folder := t.TempDir()
	opts := &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))}
	store, err := datastore.Open(ctx, filepath.Join(folder, "store"), opts)
	require.NoError(t, err)
	id := submit(t, store, jobs.Record{Kind: jobs.Import, Status: jobs.InProgress, Report: &jobs.Report{Scanned: 7, ScannedMB: 1.5}})
	want, err := jobs.Get(ctx, store, id)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, filepath.Join(folder, "store"), opts)
	require.NoError(t, err)
	defer store.Close()
	got, err := jobs.Get(ctx, store, id)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.False(t, jobs.Runs(store, id))
	require.NoError(t, jobs.Cancel(ctx, store, id))
}
