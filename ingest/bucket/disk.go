package bucket

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/fhirlake/fhirlake/internal/jobs"
	"gocloud.dev/blob"
)

// observeSync gets the path of each file before it is synced. Tests set it.
var observeSync = func(path string) {}

// syncObject makes an object durable that the driver put into a file of this machine,
// as fileblob does without syncing it. It does nothing for other drivers.
func syncObject(ctx context.Context, blobs *blob.Bucket, key string) error {
	var root os.FileInfo
	if !blobs.As(&root) {
		return nil
	}
	var path string
	r, err := blobs.NewRangeReader(ctx, key, 0, 0, &blob.ReaderOptions{BeforeRead: func(as func(any) bool) error {
		var f *os.File
		if as(&f) {
			path = f.Name()
		}
		return nil
	}})
	if err != nil {
		return err
	}
	if err := r.Close(); err != nil {
		return err
	}
	if path == "" {
		return errors.New("the driver does not say where the file lies")
	}
	observeSync(path)
	f, err := os.OpenFile(path, os.O_RDWR, 0) // Windows syncs what may be written to
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncFolders(path, root)
}

// syncFolders makes the names of a path durable up to the bucket's own folder.
func syncFolders(path string, root os.FileInfo) error {
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		observeSync(folder)
		if err := jobs.SyncFolder(folder); err != nil {
			return err
		}
		is, err := os.Stat(folder)
		if err != nil {
			return err
		}
		if os.SameFile(is, root) || folder == filepath.Dir(folder) {
			return nil
		}
	}
}
