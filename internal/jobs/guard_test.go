package jobs_test

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/stretchr/testify/require"
)

func TestGuard(t *testing.T) {
	failed := errors.New("failed")
	require.ErrorIs(t, jobs.Guard(func() error { return failed })(), failed)
	require.NoError(t, jobs.Guard(func() error { return nil })())
	require.ErrorIs(t, jobs.Guard(func() error { panic("secret") })(), datastore.ErrCallback)
	require.NotContains(t, jobs.Guard(func() error { panic("secret") })().Error(), "secret")
	require.ErrorIs(t, jobs.Guard(func() error { runtime.Goexit(); return nil })(), datastore.ErrCallback)
}

func TestTellReportsAPanic(t *testing.T) {
	require.ErrorIs(t, jobs.Tell(t.Context(), func() { panic("oh") })(), datastore.ErrCallback)
	require.ErrorIs(t, jobs.Tell(t.Context(), func() { runtime.Goexit() })(), datastore.ErrCallback)
}

// A process that is killed while it writes must leave no copy of what it wrote.
func TestFolderHasNoTemporaryNames(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("files without a name are Linux's")
	}
	dir := t.TempDir()
	w, err := jobs.Folder(dir).Create("a.ndjson")
	require.NoError(t, err)
	_, err = w.Write([]byte("{}"))
	require.NoError(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
	require.NoError(t, w.Close())
	entries, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "a.ndjson", entries[0].Name())
}
