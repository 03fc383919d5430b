package bucket_test

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/ingest/bucket"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
)

func TestFolderURL(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a b")
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(root)}
	if runtime.GOOS == "windows" {
		u.Path = "/" + u.Path
	}
	b, err := bucket.Open(background, u.String()+"?prefix=x&create_dir=1", nil)
	require.NoError(t, err)
	require.Empty(t, read(t, b.FS(background, "")), "it is not there yet")
	require.NoError(t, fstest.TestFS(b.FS(background, "")))
	require.NoError(t, write(t, b.Sink(background, "y"), "z/a.ndjson", []byte("text")))
	require.NoError(t, b.Close())
	is, err := os.Stat(filepath.Join(root, "x", "y", "z", "a.ndjson"))
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.EqualValues(t, 0o600, is.Mode().Perm())
	}
	require.NoError(t, fstest.TestFS(b.FS(background, ""), "y/z/a.ndjson"))
	require.Equal(t, map[string]string{"z/a.ndjson": "text"}, read(t, b.FS(background, "y")))
	require.NoError(t, b.FS(background, "").(walker).WalkFiles(func(name string, _ fs.DirEntry) error {
		require.Equal(t, "y/z/a.ndjson", name)
		return nil
	}))
}

func TestFolderFollowsNoLinks(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret.ndjson"), []byte("secret"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.ndjson"), []byte("text"), 0o600))
	for link, target := range map[string]string{
		"file.ndjson": filepath.Join(outside, "secret.ndjson"), "folder": outside, "self.ndjson": "a.ndjson", "loop": ".",
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Skip("this system makes no links:", err)
		}
	}
	from := bucket.Folder(root, nil).FS(background, "")
	require.Equal(t, map[string]string{"a.ndjson": "text"}, read(t, from))
	for _, name := range []string{"file.ndjson", "folder", "folder/secret.ndjson", "self.ndjson", "loop/a.ndjson"} {
		_, err := from.Open(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		require.NotContains(t, err.Error(), root)
		_, err = fs.Stat(from, name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	_, err := from.Open("../x")
	require.ErrorIs(t, err, fs.ErrInvalid)
}

// What fileblob acknowledges is synced: the object, and the folders it is in.
func TestFileblobIsSynced(t *testing.T) {
	for name, opts := range map[string]*fileblob.Options{
		"with metadata": {NoTempDir: true}, "without": {NoTempDir: true, Metadata: fileblob.MetadataDontWrite},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			blobs, err := fileblob.OpenBucket(root, opts)
			require.NoError(t, err)
			prefixed := blob.PrefixedBucket(blobs, "deep/down/")
			defer prefixed.Close()
			b := bucket.New(prefixed, &bucket.Options{PartSize: 1 << 20})
			var synced []string
			defer bucket.ObserveSync(func(path string) { synced = append(synced, path) })()
			for _, size := range []int{100, 12 << 20} {
				synced = nil
				require.NoError(t, write(t, b.Sink(background, "out"), "a.ndjson", []byte(long(size))))
				var want []string
				for _, path := range []string{"deep/down/out/a.ndjson", "deep/down/out", "deep/down", "deep", "."} {
					want = append(want, filepath.Join(root, path))
				}
				require.Equal(t, want, synced)
				text, err := os.ReadFile(want[0])
				require.NoError(t, err)
				require.True(t, long(size) == string(text))
			}
		})
	}
}

func TestFolderThatIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := fs.ReadDir(bucket.Folder(path, nil).FS(background, ""), ".")
	require.Error(t, err)
	require.NotContains(t, err.Error(), path)
	var p *fs.PathError
	require.False(t, errors.As(err, &p))
}
