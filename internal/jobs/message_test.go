package jobs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/stretchr/testify/require"
)

func TestMessage(t *testing.T) {
	for want, err := range map[string]error{
		"the report takes no more: no space is left":                 fmt.Errorf("writing x: %w", &fs.PathError{Op: "write", Path: "/secret", Err: syscall.ENOSPC}),
		"the report takes no more: access is denied":                 fs.ErrPermission,
		"the report takes no more: it is not there":                  fmt.Errorf("x: %w", syscall.ENOENT),
		"the report takes no more: writing failed":                   errors.New("/secret"),
		datastore.Issues(datastore.ErrReadOnly)[0].Diagnostics:       fmt.Errorf("%w: %w", datastore.ErrReadOnly, syscall.ENOSPC),
		datastore.Issues(datastore.ErrOutcomeUnknown)[0].Diagnostics: datastore.ErrOutcomeUnknown,
	} {
		require.Equal(t, want, jobs.Message(err, "the report"))
	}
}

// TestFolderThatFails has errors of a folder name no path.
func TestFolderThatFails(t *testing.T) {
	place := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(place, nil, 0o600))
	_, err := jobs.Folder(place).Create("a/b")
	require.ErrorIs(t, err, syscall.ENOTDIR)
	require.NotContains(t, err.Error(), "secret")
}
