//go:build unix

package txlog_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/stretchr/testify/require"
)

// TestInspectWhatDoesNotOpen harms a folder in ways that the log itself does not show:
// whatever keeps the store from opening is told by an inspection, at once.
func TestInspectWhatDoesNotOpen(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, folder string){
		"dictionaries gone": func(t *testing.T, folder string) {
			require.NoError(t, os.RemoveAll(filepath.Join(folder, "dictionaries")))
		},
		"a dictionary changed": func(t *testing.T, folder string) {
			file := filepath.Join(folder, "dictionaries", "1")
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			b[0] ^= 1
			require.NoError(t, os.WriteFile(file, b, 0o600))
		},
		"the log emptied": func(t *testing.T, folder string) {
			files, err := filepath.Glob(filepath.Join(folder, "log", "*"))
			require.NoError(t, err)
			for _, f := range files {
				require.NoError(t, os.Truncate(f, 0))
			}
		},
		"a pipe for a manifest": func(t *testing.T, folder string) {
			file := filepath.Join(folder, "manifest")
			require.NoError(t, os.Remove(file))
			require.NoError(t, unix.Mkfifo(file, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "store")
			opts := &txlog.Options{Wrapper: seal.KeyFile(filepath.Join(t.TempDir(), "key"))}
			l, err := txlog.Open(t.Context(), folder, opts)
			require.NoError(t, err)
			_, err = l.AddDictionary(t.Context(), []byte("what is told again and again"))
			require.NoError(t, err)
			_, err = l.Append(t.Context(), &txlog.Batch{Term: l.Term(), ID: [16]byte{1}, Commits: []txlog.Commit{{Time: 1, Items: []txlog.Item{{Values: []byte("v"), Body: []byte("b")}}}}})
			require.NoError(t, err)
			require.NoError(t, l.Close())
			harm(t, folder)

			began := time.Now()
			in, err := txlog.Inspect(t.Context(), folder, opts)
			require.NoError(t, err)
			require.NotEmpty(t, in.Findings)
			if name == "the log emptied" {
				var told error
				for _, err := range txlog.InspectRecords(t.Context(), folder, opts, 1) {
					told = err
				}
				require.ErrorIs(t, told, txlog.ErrCorrupt)
			}
			require.Less(t, time.Since(began), 10*time.Second)
			_, err = txlog.Open(t.Context(), folder, opts)
			require.Error(t, err)
		})
	}
}
