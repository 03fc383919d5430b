//go:build unix

package datastore_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

// TestFolderThatCannotBeWritten opens a store in a folder that its process may only read:
// for reading if that is asked for, and with a clear error otherwise.
func TestFolderThatCannotBeWritten(t *testing.T) {
	if os.Geteuid() == 0 {
		asAnotherUser(t)
		return
	}
	path := filepath.Join(t.TempDir(), "store")
	filling(plainStory)(t, path, &datastore.Options{Key: goldenKey(), Now: clock(), NewID: ids()})
	chmod := func(folder, file os.FileMode) {
		require.NoError(t, filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
			require.NoError(t, err)
			if e.IsDir() {
				return os.Chmod(name, 0o700)
			}
			return os.Chmod(name, file)
		}))
		require.NoError(t, os.Chmod(filepath.Join(path, "log"), folder))
		require.NoError(t, os.Chmod(path, folder))
	}
	chmod(0o500, 0o400)
	defer chmod(0o700, 0o600)
	before := filesOf(t, path)
	_, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey()})
	require.ErrorIs(t, err, fs.ErrPermission)
	require.NotErrorIs(t, err, datastore.ErrCorrupt)
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey(), ReadOnly: true})
	require.NoError(t, err)
	storetest.Check(t, store)
	_, err = store.Read(ctx, datastore.Ref{Type: "Practitioner", ID: "one"})
	require.NoError(t, err)
	_, err = store.Create(ctx, patient("x", "X"))
	require.ErrorIs(t, err, datastore.ErrReadOnly)
	requireFiles(t, before, path)
}

// asAnotherUser runs the test that calls it again, in a process of a user whom the modes of
// files bind: they do not bind the administrator.
func asAnotherUser(t *testing.T) {
	const nobody = 65534
	folder, err := os.MkdirTemp("", "fhirlake-")
	require.NoError(t, err)
	defer os.RemoveAll(folder)
	require.NoError(t, os.Chown(folder, nobody, nobody))
	opened, err := os.Open(folder)
	require.NoError(t, err)
	defer opened.Close()
	child := exec.Command("/proc/self/exe", "-test.v", "-test.run", "^"+t.Name()+"$")
	// The other user may not see the folders around it, and so gets it as file 3.
	child.ExtraFiles = []*os.File{opened}
	child.Env = append(os.Environ(), "TMPDIR=/proc/self/fd/3")
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	said, err := child.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Skipf("this system starts no process of another user: %v", err)
	}
	require.NoError(t, err, "%s", said)
	require.Contains(t, string(said), "--- PASS: "+t.Name())
}
