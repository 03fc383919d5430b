package datastore_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// inFolder opens a store in a folder of the test's own.
func inFolder(t *testing.T, logger *slog.Logger) (store *datastore.Store, path string, options *datastore.Options) {
	path = filepath.Join(t.TempDir(), "store")
	options = &datastore.Options{Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key")), Logger: logger}
	store, err := datastore.Open(ctx, path, options)
	require.NoError(t, err)
	require.NoError(t, write(store, "first"))
	return store, path, options
}

// What file systems and desktops leave in a folder is passed over, and told.
func TestFolderWithFilesOfOthers(t *testing.T) {
	var told bytes.Buffer
	store, path, options := inFolder(t, slog.New(slog.NewTextHandler(&told, nil)))
	require.NoError(t, store.Close())
	names := []string{".DS_Store", ".nfs000000001", "Thumbs.db", "desktop.ini", "._head", ".Trash-1000"}
	for _, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(path, name), []byte("x"), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(path, "lost+found"), 0o700))
	store, err := datastore.Open(ctx, path, options)
	require.NoError(t, err)
	require.NoError(t, write(store, "second"))
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
	for _, name := range append(names, "lost+found") {
		require.Contains(t, told.String(), name)
		_, err := os.Stat(filepath.Join(path, name))
		require.NoError(t, err, "it is not the store's to remove")
	}
}

func TestFolderThatOthersMayWrite(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes do not tell on Windows")
	}
	store, path, options := inFolder(t, nil)
	require.NoError(t, store.Close())
	for _, mode := range []os.FileMode{0o770, 0o707, 0o777} {
		require.NoError(t, os.Chmod(path, mode))
		_, err := datastore.Open(ctx, path, options)
		require.ErrorIs(t, err, datastore.ErrExposed)
		require.ErrorContains(t, err, "chmod")
	}
	require.NoError(t, os.Chmod(path, 0o700))
	store, err := datastore.Open(ctx, path, options)
	require.NoError(t, err)
	require.NoError(t, store.Close())
}

func TestKeysThatAreNone(t *testing.T) {
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	garbage := filepath.Join(folder, "garbage")
	require.NoError(t, os.WriteFile(garbage, bytes.Repeat([]byte("x"), 1000), 0o600))
	readable := filepath.Join(folder, "readable")
	other, err := datastore.Open(ctx, filepath.Join(folder, "other"), &datastore.Options{Key: datastore.KeyFile(readable)})
	require.NoError(t, err)
	require.NoError(t, other.Close())
	require.NoError(t, os.Chmod(readable, 0o644))
	for name, key := range map[string]datastore.KeyWrapper{
		"empty passphrase": datastore.Passphrase(""),
		"empty file":       datastore.KeyFile(empty), "garbage": datastore.KeyFile(garbage), "readable by all": datastore.KeyFile(readable),
		"a folder": datastore.KeyFile(folder), "endless": datastore.KeyFile("/dev/zero"),
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && (name == "readable by all" || name == "endless") {
				t.Skip("there is none on Windows")
			}
			path := filepath.Join(t.TempDir(), "store")
			_, err := datastore.Open(ctx, path, &datastore.Options{Key: key})
			require.ErrorIs(t, err, datastore.ErrKey)
			entries, _ := os.ReadDir(path)
			require.Empty(t, entries, "nothing was made")
		})
	}
}

// Who takes the folder away from a running store hears of it, nothing is acknowledged
// that is not there, and nothing of what stands in its place is touched.
func TestFolderThatIsReplaced(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open folder cannot be moved on Windows")
	}
	for name, replace := range map[string]func(t *testing.T, path string){
		"renamed": func(t *testing.T, path string) { require.NoError(t, os.Rename(path, path+".old")) },
		"deleted": func(t *testing.T, path string) { require.NoError(t, os.RemoveAll(path)) },
		"another": func(t *testing.T, path string) {
			require.NoError(t, os.CopyFS(path+".backup", os.DirFS(path)))
			require.NoError(t, os.Rename(path, path+".old"))
			require.NoError(t, os.Rename(path+".backup", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var told bytes.Buffer
			store, path, options := inFolder(t, slog.New(slog.NewTextHandler(&told, nil)))
			replace(t, path)
			for range 2 {
				err := write(store, "second")
				require.ErrorIs(t, err, datastore.ErrReadOnly)
				require.Equal(t, 503, datastore.Status(err))
				require.NotContains(t, string(datastore.Outcome(err)), path)
				answer, err := store.Transact(ctx, bundleOf("batch", entry("PUT", "Patient/second", "", string(patient("second", "Ann")))))
				if err == nil {
					require.Contains(t, string(answer), `"status":"503`)
				}
				require.NotContains(t, string(answer), path)
			}
			require.Contains(t, told.String(), "read-only")
			_, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "first"})
			require.NoError(t, err)
			require.NoError(t, store.Close())
			for _, from := range []string{path, path + ".old"} {
				if _, err := os.Stat(from); err != nil {
					continue
				}
				require.NoError(t, os.Chmod(from, 0o700))
				options.Logger = nil
				store, err := datastore.Open(ctx, from, options)
				if err != nil && name == "another" { // the copy's modes are those of the umask
					require.ErrorIs(t, err, datastore.ErrExposed)
					continue
				}
				require.NoError(t, err)
				page, err := store.Search(ctx, "Patient", "")
				require.NoError(t, err)
				require.Equal(t, 1, page.Total)
				require.NoError(t, store.Verify(ctx))
				require.NoError(t, store.Close())
			}
		})
	}
}

// A store that was opened by a relative path stays where it is when the program goes to
// another folder.
func TestFolderByRelativePath(t *testing.T) {
	home, elsewhere, key := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "key")
	t.Chdir(home)
	options := &datastore.Options{Key: datastore.KeyFile(key)}
	store, err := datastore.Open(ctx, "store", options)
	require.NoError(t, err)
	require.NoError(t, write(store, "first"))
	t.Chdir(elsewhere)
	require.NoError(t, write(store, "second"))
	_, err = datastore.Open(ctx, filepath.Join(home, "store"), options)
	require.ErrorIs(t, err, datastore.ErrLocked)
	require.NoError(t, store.Close())
	entries, err := os.ReadDir(elsewhere)
	require.NoError(t, err)
	require.Empty(t, entries)
	store, err = datastore.Open(ctx, filepath.Join(home, "store"), options)
	require.NoError(t, err)
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
}

// A pin of the head tells of an older copy of the whole folder.
func TestHeadTellsOfAnOlderCopy(t *testing.T) {
	store, path, options := inFolder(t, nil)
	require.NoError(t, store.Close())
	copied := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(copied, os.DirFS(path)))
	require.NoError(t, filepath.Walk(copied, func(path string, _ os.FileInfo, err error) error {
		require.NoError(t, err)
		return os.Chmod(path, 0o700)
	}))
	store, err := datastore.Open(ctx, path, options)
	require.NoError(t, err)
	old := store.Head()
	require.NoError(t, write(store, "second"))
	text := store.Head().String()
	require.NoError(t, store.Close())

	var head datastore.Head
	require.NoError(t, head.UnmarshalText([]byte(text)))
	options.AtLeast = head
	_, err = datastore.Open(ctx, copied, options)
	require.ErrorIs(t, err, datastore.ErrCorrupt)
	_, err = datastore.Open(ctx, filepath.Join(t.TempDir(), "none"), options)
	require.Error(t, err)
	for _, pin := range []datastore.Head{head, old, {}} {
		options.AtLeast = pin
		store, err = datastore.Open(ctx, path, options)
		require.NoError(t, err)
		require.NoError(t, store.Close())
	}
	// A copy that was written to since is another history.
	options.AtLeast = datastore.Head{}
	store, err = datastore.Open(ctx, copied, options)
	require.NoError(t, err)
	for n := range 5 {
		require.NoError(t, write(store, fmt.Sprint("other", n)))
	}
	require.NoError(t, store.Close())
	options.AtLeast = head
	_, err = datastore.Open(ctx, copied, options)
	require.ErrorIs(t, err, datastore.ErrCorrupt)

	for _, text := range []string{"", "-", "1-2", text + "0", text + "-", " " + text, "x" + text, "1-1-zz"} {
		err := new(datastore.Head).UnmarshalText([]byte(text))
		require.ErrorIs(t, err, datastore.ErrInvalid, text)
	}
}
