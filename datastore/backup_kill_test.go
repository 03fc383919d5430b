//go:build unix

package datastore_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/stretchr/testify/require"
)

// Environment of the test binary when it is started as a child that is killed.
const (
	backupFolder = "DATASTORE_TEST_BACKUP"
	backupDoes   = "DATASTORE_TEST_BACKUP_DOES" // "backup" or "restore"
	backupBytes  = "DATASTORE_TEST_BACKUP_BYTES"
)

// killSelf kills the process once some bytes have passed.
func killSelf(left *int, n int) {
	if *left -= n; *left < 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// TestBackupChild is the child.
func TestBackupChild(t *testing.T) {
	folder := os.Getenv(backupFolder)
	if folder == "" {
		t.Skip("this is the child of TestBackupKill")
	}
	left, err := strconv.Atoi(os.Getenv(backupBytes))
	require.NoError(t, err)
	options := datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))}
	if os.Getenv(backupDoes) == "backup" {
		file, err := os.Create(filepath.Join(folder, "part"))
		require.NoError(t, err)
		store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &options)
		require.NoError(t, err)
		busy(t, store, 0, 1)
		_, err = store.Backup(ctx, writing(func(p []byte) (int, error) {
			killSelf(&left, len(p))
			return file.Write(p)
		}), 0)
		t.Fatal("the child lives", err)
	}
	file, err := os.Open(filepath.Join(folder, "whole"))
	require.NoError(t, err)
	_, err = datastore.Restore(ctx, filepath.Join(folder, "copy"), &datastore.RestoreOptions{Options: options}, reading(func(p []byte) (int, error) {
		killSelf(&left, len(p))
		return file.Read(p)
	}))
	t.Fatal("the child lives", err)
}

// TestBackupKill kills a process that makes a backup, and one that restores it, at several
// places. What there is of the backup is no backup, the store is whole, and restoring
// begins anew in the same folder.
func TestBackupKill(t *testing.T) {
	folder := t.TempDir()
	options := datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))}
	store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &options)
	require.NoError(t, err)
	for i := range 100 {
		text := make([]byte, 15<<10)
		rand.Read(text)
		_, err := store.Update(ctx, patient(fmt.Sprint("p", i), hex.EncodeToString(text)))
		require.NoError(t, err)
	}
	whole, _ := piece(t, store, 0)
	require.Greater(t, len(whole), 4*seal.StreamChunk, "several reads")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "whole"), whole, 0o600))
	require.NoError(t, store.Close())
	for _, does := range []string{"backup", "restore"} {
		for left := 0; left < len(whole); left += len(whole) / 4 {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBackupChild$")
			child.Env = append(os.Environ(), backupFolder+"="+folder, backupDoes+"="+does, backupBytes+"="+strconv.Itoa(left))
			out, err := child.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "%s", out)
			if does == "restore" && left > 0 { // before, nothing was begun
				_, err = datastore.Open(ctx, filepath.Join(folder, "copy"), &options)
				require.ErrorIs(t, err, datastore.ErrForeign)
				require.ErrorContains(t, err, "restore again")
			}
			if does == "restore" {
				continue
			}
			part, err := os.Open(filepath.Join(folder, "part"))
			require.NoError(t, err)
			_, err = (&datastore.RestoreOptions{BackupKey: options.Key}).Verify(ctx, part)
			require.Error(t, err)
			require.NoError(t, part.Close())
			store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &options)
			require.NoError(t, err)
			require.NoError(t, store.Verify(ctx))
			require.NoError(t, store.Close())
		}
	}
	copied, err := datastore.Restore(ctx, filepath.Join(folder, "copy"), &datastore.RestoreOptions{Options: options}, io.Reader(bytes.NewReader(whole)))
	require.NoError(t, err)
	require.NoError(t, copied.Verify(ctx))
	require.NoError(t, copied.Close())
}
