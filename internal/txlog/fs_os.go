package txlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/fhirlake/fhirlake/internal/durable"
)

type osFolder string

// OSFolder returns the FS of a folder of the operating system. The folder need
// not exist. The path is made absolute when a store is opened.
func OSFolder(path string) FS { return osFolder(path) }

func (d osFolder) Mount(create bool) (Folder, error) {
	path, err := filepath.Abs(string(d))
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
		if err := durable.SyncFolder(filepath.Dir(path)); err != nil {
			return nil, err
		}
		root, err = os.OpenRoot(path)
	}
	if err != nil {
		return nil, err
	}
	self, err := root.Stat(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	return &osRoot{path: path, root: root, self: self}, nil
}

// writable reports whether others than the owner may write. On Windows modes
// do not tell.
func writable(mode fs.FileMode) bool {
	return runtime.GOOS != "windows" && mode.Perm()&0o022 != 0
}

// An osRoot is an open folder of the operating system.
type osRoot struct {
	path string // absolute
	root *os.Root
	self fs.FileInfo
}

func (d *osRoot) Mkdir(name string) error {
	err := d.root.Mkdir(filepath.FromSlash(name), 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

func (d *osRoot) Open(name string, flag int) (File, error) {
	// A pipe in the place of a file would wait for its other end.
	f, err := d.root.OpenFile(filepath.FromSlash(name), flag|openNonblock, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, corruptf("%s is no file", name)
	}
	return osFile{f}, nil
}

func (d *osRoot) ReadDir(name string) ([]Entry, error) {
	f, err := d.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(found))
	for _, e := range found {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // a writer has removed it meanwhile
		}
		if err != nil {
			return nil, err
		}
		mode := info.Mode()
		if runtime.GOOS == "windows" {
			mode = mode.Type() | 0o600
		}
		entries = append(entries, Entry{Name: e.Name(), Mode: mode, Size: info.Size()})
	}
	sortEntries(entries)
	return entries, nil
}

func (d *osRoot) Mode() (fs.FileMode, error) {
	info, err := d.root.Stat(".")
	if err != nil {
		return 0, err
	}
	return info.Mode(), nil
}

func (d *osRoot) Rename(oldName, newName string) error {
	return d.root.Rename(filepath.FromSlash(oldName), filepath.FromSlash(newName))
}

func (d *osRoot) Remove(name string) error { return d.root.Remove(filepath.FromSlash(name)) }

func (d *osRoot) SyncDir(name string) error {
	return durable.SyncFolderIn(d.root, filepath.FromSlash(name))
}

func (d *osRoot) Lock(f File) error { return lockFile(f.(osFile).File) }

func (d *osRoot) Check(name string, f File) error {
	info, err := os.Stat(d.path)
	if err := replaced(d.self, info, err, d.path); err != nil {
		return err
	}
	own, err := f.(osFile).Stat()
	if err != nil {
		return err
	}
	info, err = d.root.Stat(filepath.FromSlash(name))
	return replaced(own, info, err, name)
}

// replaced reports ErrReplaced unless a name leads to our open file.
func replaced(own, found fs.FileInfo, err error, name string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s is gone", ErrReplaced, name)
	case err != nil:
		return err
	case !os.SameFile(own, found):
		return fmt.Errorf("%w: %s is another", ErrReplaced, name)
	}
	return nil
}

func (d *osRoot) Close() error { return d.root.Close() }

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
