//go:build unix

package datastore_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// Environment of the test binary when it is started as a child that is killed.
const (
	preloadFolder = "DATASTORE_TEST_PRELOAD"
	preloadBytes  = "DATASTORE_TEST_PRELOAD_BYTES" // of the source that it reads
)

// TestPreloadChild is the child.
func TestPreloadChild(t *testing.T) {
	folder := os.Getenv(preloadFolder)
	if folder == "" {
		t.Skip("this is the child of TestPreloadKill")
	}
	left, err := strconv.Atoi(os.Getenv(preloadBytes))
	require.NoError(t, err)
	_, err = datastore.Open(ctx, folder, &datastore.Options{Key: datastore.Passphrase("p"), Preload: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(&cutReader{preloadText(t), left, func() error {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}}), nil
	}})
	t.Fatal("the child lives", err)
}

// TestPreloadKill kills a process that fills a store, several times over.
func TestPreloadKill(t *testing.T) {
	text := preloadText(t)
	folder := filepath.Join(t.TempDir(), "store")
	for left := 0; left < len(text); left += len(text)/3 - 1 {
		child := exec.Command(os.Args[0], "-test.run=^TestPreloadChild$")
		child.Env = append(os.Environ(), preloadFolder+"="+folder, preloadBytes+"="+strconv.Itoa(left))
		out, err := child.CombinedOutput()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "%s", out)
		requireUnfinished(t, folder, text)
	}
	store, err := datastore.Open(ctx, folder, &datastore.Options{Key: datastore.Passphrase("p"), Preload: preloading(text, new(int))})
	require.NoError(t, err)
	requirePreloaded(t, store, text)
	require.NoError(t, store.Close())
}
