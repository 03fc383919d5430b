package jobs_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/stretchr/testify/require"
)

// TestFolderCleansUp has a file replace another where a process was killed that was about
// to: what it left behind goes.
func TestFolderCleansUp(t *testing.T) {
	root := t.TempDir()
	sink := jobs.Folder(root)
	write := func(text string) {
		w, err := sink.Create("a.ndjson")
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	write("one")
	require.NoError(t, os.WriteFile(filepath.Join(root, ".tmp-694565a2d6f2f9240409b306f1a0147b"), nil, 0o600))
	write("two")
	text, err := os.ReadFile(filepath.Join(root, "a.ndjson"))
	require.NoError(t, err)
	require.Equal(t, "two", string(text))
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}
