package jobs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/fhirlake/fhirlake/internal/durable"
)

// Folder returns a Sink that puts files into a folder, which is made when it is
// first needed. A file is readable by its owner alone, and gets its name when it is
// closed and synced. Until then it has no name where the system can do that (Linux),
// so that a process that is killed leaves nothing behind, and elsewhere a temporary
// one. A folder is for use by many goroutines, each of its files by one.
func Folder(path string) Sink { return &folder{path: path} }

type folder struct {
	path  string
	syncs folderSync
}

func (f *folder) Create(name string) (io.WriteCloser, error) {
	if !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, fmt.Errorf("jobs: creating a file: %w", fs.ErrInvalid)
	}
	path := filepath.Join(f.path, filepath.FromSlash(name))
	made, err := makeFolders(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", pathless(err))
	}
	file, name, err := createTemp(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", pathless(err))
	}
	return &folderFile{File: file, name: name, path: path, sink: f, made: made}, nil
}

// makeFolders makes a folder and the missing folders above it. It returns the folders
// that got a new entry.
func makeFolders(path string) (changed []string, err error) {
	for above := path; ; above = filepath.Dir(above) {
		if _, err := os.Stat(above); err == nil || filepath.Dir(above) == above {
			break
		}
		changed = append(changed, filepath.Dir(above))
	}
	return changed, os.MkdirAll(path, 0o700)
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
	sink *folder
	made []string // folders that got a folder for the file
}

// Close makes the file durable under its name.
func (f *folderFile) Close() error {
	if err := f.File.Sync(); err != nil {
		return errors.Join(fmt.Errorf("jobs: %w", pathless(err)), f.Abort())
	}
	var err error
	if f.name == "" {
		err = nameTemp(f.File, f.path)
	}
	if closed := f.File.Close(); err == nil {
		err = closed
	}
	if err == nil && f.name != "" {
		err = os.Rename(f.name, f.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("jobs: %w", pathless(err)), f.remove())
	}
	return f.syncFolders()
}

// syncFolders makes the names of the file and of its folders durable, up to the sink's
// own folder, since another file that is not closed yet may have made them.
func (f *folderFile) syncFolders() error {
	folders := f.made
	top := filepath.Dir(filepath.Clean(f.sink.path))
	for folder := filepath.Dir(f.path); ; folder = filepath.Dir(folder) {
		folders = append(folders, folder)
		if folder == top || folder == filepath.Dir(folder) {
			break
		}
	}
	slices.Sort(folders)
	for _, folder := range slices.Compact(folders) {
		if err := f.sink.syncs.sync(folder); err != nil {
			return err
		}
	}
	return nil
}

// Abort removes the file.
func (f *folderFile) Abort() error { return errors.Join(f.File.Close(), f.remove()) }

func (f *folderFile) remove() error {
	if f.name == "" {
		return nil
	}
	return os.Remove(f.name)
}

// SyncFolder makes the names in a folder durable, where folders can be synced.
func SyncFolder(path string) error {
	err := durable.SyncFolder(path)
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) && failed.Op == "sync" &&
		(errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrInvalid) || errors.Is(err, fs.ErrPermission)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("jobs: %w", pathless(err))
	}
	return nil
}
