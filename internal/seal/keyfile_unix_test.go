//go:build unix

package seal_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// TestKeyFileIsPipe: a named pipe as key file is an error at once, not a wait
// for somebody to write into it.
func TestKeyFileIsPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	_, err := seal.KeyFile(path).Decrypt(t.Context(), nil)
	require.ErrorIs(t, err, seal.ErrKeyFile)
	_, err = seal.KeyFile(path).Encrypt(t.Context(), nil)
	require.ErrorIs(t, err, seal.ErrKeyFile)
}
