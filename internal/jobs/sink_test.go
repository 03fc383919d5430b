package jobs_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestFolderFileAppearsWhenClosed(t *testing.T) {
	root := filepath.Join(t.TempDir(), "report")
	s := jobs.Folder(root)
	w, err := s.Create("FAILURE/Patient.ndjson")
	require.NoError(t, err)
	_, err = io.WriteString(w, "line\n")
	require.NoError(t, err)
	path := filepath.Join(root, "FAILURE", "Patient.ndjson")
	require.NoFileExists(t, path)
	require.NoError(t, w.Close())

	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "line\n", string(content))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file is left")
}

func TestFolderReplacesAFile(t *testing.T) {
	root := t.TempDir()
	for _, text := range []string{"first", "second"} {
		w, err := jobs.Folder(root).Create("manifest.json")
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	content, err := os.ReadFile(filepath.Join(root, "manifest.json"))
	require.NoError(t, err)
	require.Equal(t, "second", string(content))
}

func TestAbortLeavesNothing(t *testing.T) {
	root := t.TempDir()
	var memory storetest.Sink
	for _, s := range []jobs.Sink{jobs.Folder(root), &memory} {
		w, err := s.Create("Patient.ndjson")
		require.NoError(t, err)
		_, err = io.WriteString(w, "half a li")
		require.NoError(t, err)
		require.NoError(t, jobs.Abort(w))
	}
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	require.Empty(t, entries)
	require.Empty(t, memory.Names())
}

// closer is a writer of a sink that cannot give a file up.
type closer struct{ closed bool }

func (c *closer) Write(p []byte) (int, error) { return len(p), nil }
func (c *closer) Close() error                { c.closed = true; return nil }

func TestAbortClosesWhatCannotAbort(t *testing.T) {
	var c closer
	require.NoError(t, jobs.Abort(&c))
	require.True(t, c.closed)
}

func TestNamesStayInside(t *testing.T) {
	root := t.TempDir()
	for _, s := range []jobs.Sink{jobs.Folder(filepath.Join(root, "in")), &storetest.Sink{}} {
		for _, name := range []string{"", ".", "..", "../out", "a/../../out", "/out", "a//b"} {
			_, err := s.Create(name)
			require.ErrorIs(t, err, fs.ErrInvalid, name)
		}
	}
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	require.Empty(t, entries)
}
