package jobs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder returns a Sink that puts files into a folder, which is made when it is
// first needed. A file is written under a temporary name, synced, and renamed
// when it is closed; it is readable by its owner alone. A folder is for use by
// many goroutines, each of its files by one.
func Folder(path string) Sink { return folder(path) }

type folder string

func (f folder) Create(name string) (io.WriteCloser, error) {
	if !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, fmt.Errorf("jobs: creating a file: %w", fs.ErrInvalid)
	}
	path := filepath.Join(string(f), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".tmp-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return &folderFile{File: file, path: path}, nil
}

// A folderFile is a file on its way to its name.
type folderFile struct {
	*os.File
	path string
}

// Close makes the file durable under its name.
func (f *folderFile) Close() error {
	if err := f.File.Sync(); err != nil {
		return errors.Join(fmt.Errorf("jobs: %w", err), f.Abort())
	}
	err := f.File.Close()
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("jobs: %w", err)
	}
	return syncFolder(filepath.Dir(f.path))
}

// Abort removes the file.
func (f *folderFile) Abort() error {
	return errors.Join(f.File.Close(), os.Remove(f.Name()))
}

// syncFolder makes a rename durable, where folders can be synced.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("jobs: %w", err)
	}
	return nil
}
