package virtual_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/virtual"
)

func TestInfo(t *testing.T) {
	modified := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	file := &virtual.Info{Path: "a/b.ndjson", Bytes: 7, Modified: modified}
	require.Equal(t, "-r--r--r-- 7 2026-01-02 03:04:05 b.ndjson", fs.FormatFileInfo(file))
	require.Nil(t, file.Sys())
	folder := &virtual.Info{Path: ".", Folder: true}
	require.True(t, folder.IsDir())
	require.Equal(t, "d .", fs.FormatDirEntry(fs.FileInfoToDirEntry(folder))[:3])
}

func TestFolder(t *testing.T) {
	lists, failing := 0, errors.New("gone")
	f := virtual.NewFolder("a", func() ([]fs.DirEntry, error) {
		if lists++; lists == 1 {
			return nil, failing
		}
		var entries []fs.DirEntry
		for _, name := range []string{"x", "y", "z"} {
			entries = append(entries, fs.FileInfoToDirEntry(&virtual.Info{Path: name}))
		}
		return entries, nil
	})
	info, err := f.Stat()
	require.NoError(t, err)
	require.Equal(t, "a", info.Name())
	_, err = f.Read(make([]byte, 1))
	require.ErrorIs(t, err, fs.ErrInvalid)
	_, err = f.ReadDir(-1)
	require.ErrorIs(t, err, failing)
	entries, err := f.ReadDir(2)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Len(t, append(entries, nil), 3, "appending changes nothing of the folder's")
	entries, err = f.ReadDir(2)
	require.NoError(t, err)
	require.Equal(t, "z", entries[0].Name())
	_, err = f.ReadDir(1)
	require.ErrorIs(t, err, io.EOF)
	entries, err = f.ReadDir(-1)
	require.NoError(t, err)
	require.Empty(t, entries)
	require.Equal(t, 2, lists)
	require.NoError(t, f.Close())
}
