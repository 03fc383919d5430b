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
// first needed. A file is readable by its owner alone, and gets its name when it is
// closed and synced. Until then it has no name where the system can do that (Linux),
// so that a process that is killed leaves nothing behind, and elsewhere a temporary
// one. A folder is for use by many goroutines, each of its files by one.
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
	file, name, err := createTemp(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return &folderFile{File: file, name: name, path: path}, nil
}

// createNamed makes a temporary file that has a name.
func createNamed(folder string) (*os.File, string, error) {
	file, err := os.CreateTemp(folder, ".tmp-*") // 0600
	if err != nil {
		return nil, "", err
	}
	return file, file.Name(), nil
}

// A folderFile is a file on its way to its name.
type folderFile struct {
	*os.File
	name string // the temporary one; "" where it has none
	path string
}

// Close makes the file durable under its name.
func (f *folderFile) Close() error {
	if err := f.File.Sync(); err != nil {
		return errors.Join(fmt.Errorf("jobs: %w", err), f.Abort())
	}
	var err error
	if f.name == "" {
		f.name, err = nameTemp(f.File, filepath.Dir(f.path))
	}
	if closed := f.File.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.name, f.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("jobs: %w", err), f.remove())
	}
	return syncFolder(filepath.Dir(f.path))
}

// Abort removes the file.
func (f *folderFile) Abort() error { return errors.Join(f.File.Close(), f.remove()) }

func (f *folderFile) remove() error {
	if f.name == "" {
		return nil
	}
	return os.Remove(f.name)
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
