//go:build killpoints && unix

package datastore_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/killpoint"
	"github.com/fhirlake/fhirlake/internal/longrun"
)

// Environment of the child of TestRemovalKillPoints.
const (
	removalFolder = "DATASTORE_TEST_REMOVAL"
	removalKind   = "DATASTORE_TEST_REMOVAL_KIND"
)

func removalOptions(folder string) *datastore.Options {
	return &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))}
}

// removalPoints are the points that a removal passes.
func removalPoints() (points []string) {
	points = []string{"after.erase-commit", "after.erase-slots", "after.erase-rewrite"}
	for _, op := range []string{
		"apply", "acknowledge", "write.segment", "sync.segment", "write.head", "sync.head", "create.segment", "create.segment-tmp", "write.segment-tmp",
		"sync.segment-tmp", "rename.segment", "remove.segment", "write.manifest-tmp", "sync.manifest-tmp", "rename.manifest", "sync.folder",
		"write.patients-tmp", "sync.patients-tmp", "rename.patients", "write.keyset-tmp", "sync.keyset-tmp", "rename.keyset",
	} {
		points = append(points, "before."+op, "after."+op)
	}
	return points
}

// TestRemovalKillPoints ends a process that erases a patient, compacts or purges, at each
// point. The next opening finds a whole store, and an erasure that was begun is finished.
func TestRemovalKillPoints(t *testing.T) {
	if folder := os.Getenv(removalFolder); folder != "" {
		store, err := datastore.Open(ctx, filepath.Join(folder, "store"), removalOptions(folder))
		require.NoError(t, err)
		require.NoError(t, removals[os.Getenv(removalKind)](store))
		require.NoError(t, store.Close())
		return
	}
	made := t.TempDir()
	store, err := datastore.Open(ctx, filepath.Join(made, "store"), removalOptions(made))
	require.NoError(t, err)
	eraseStory(t, store)
	current := currentOf(t, store)
	require.NoError(t, store.Close())
	var counts longrun.Counts
	t.Cleanup(func() { counts.Tell(t) })
	for kind := range removals {
		for _, point := range removalPoints() {
			t.Run(kind+"/"+point, func(t *testing.T) {
				t.Parallel()
				for n := 1; n < longrun.Of(2, 6); n++ {
					folder := t.TempDir()
					require.NoError(t, os.CopyFS(folder, os.DirFS(made)))
					require.NoError(t, os.Chmod(filepath.Join(folder, "key"), 0o600))
					cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRemovalKillPoints$")
					cmd.Env = append(os.Environ(), removalFolder+"="+folder, removalKind+"="+kind, fmt.Sprintf("%s=%s:%d", killpoint.Env, point, n))
					out, err := cmd.CombinedOutput()
					if err != nil {
						require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), "%s", out)
					}
					requireRemovedIn(t, folder, kind, current, err == nil)
					if err == nil {
						return // the point is not passed so often
					}
					counts.Add("kills of " + kind)
				}
			})
		}
	}
}

// requireRemovedIn opens a store in which a removal was interrupted, and checks it.
func requireRemovedIn(t *testing.T, folder, kind string, current map[string]string, whole bool) {
	path := filepath.Join(folder, "store")
	store, err := datastore.Open(ctx, path, removalOptions(folder))
	require.NoError(t, err)
	erased := requireRemoved(t, store, kind, current, whole)
	require.NoError(t, store.Close())
	if erased {
		require.NotContains(t, string(everyText(t, path, removalOptions(folder).Key)), marker)
	}
}
