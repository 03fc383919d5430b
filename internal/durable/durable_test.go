package durable_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/durable"
)

func TestSyncFolder(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "in"), 0o700))
	require.NoError(t, durable.SyncFolder(folder))
	require.ErrorIs(t, durable.SyncFolder(filepath.Join(folder, "none")), fs.ErrNotExist)

	root, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, durable.SyncFolderIn(root, "."))
	require.NoError(t, durable.SyncFolderIn(root, "in"))
	require.ErrorIs(t, durable.SyncFolderIn(root, "none"), fs.ErrNotExist)
	require.Error(t, durable.SyncFolderIn(root, ".."))
}
