package bucket

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/fhirlake/fhirlake/internal/virtual"
)

// folderFS holds the files and folders of a folder of this machine, and nothing else:
// links, devices and pipes do not show, and no name leads out.
type folderFS struct{ path string }

// within calls f with the folder. A folder that is missing is empty.
func (f folderFS) within(op, name string, do func(*os.Root) error) error {
	if !fs.ValidPath(name) {
		return fail(op, "a file", fs.ErrInvalid)
	}
	root, err := os.OpenRoot(f.path)
	if err == nil {
		defer root.Close()
		err = do(root)
	}
	return hidePath(op, name, err)
}

// hidePath keeps the text of errors of the file system free of paths.
func hidePath(op, name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("bucket: %s %s: %w", op, name, p.Err)
	}
	return err
}

// plain checks that every element of name is a folder and the last a folder or a file.
func plain(root *os.Root, name string) error {
	for end := 0; end < len(name); {
		if i := slices.Index([]byte(name[end:]), '/'); i >= 0 {
			end += i
		} else {
			end = len(name)
		}
		is, err := root.Lstat(filepath.FromSlash(name[:end]))
		if err != nil {
			return err
		}
		if !is.IsDir() && !is.Mode().IsRegular() {
			return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		end++
	}
	return nil
}

// Open implements fs.FS.
func (f folderFS) Open(name string) (fs.File, error) {
	if name == "." {
		if _, err := os.Stat(f.path); errors.Is(err, fs.ErrNotExist) {
			return virtual.NewFolder(name, func() ([]fs.DirEntry, error) { return nil, nil }), nil
		}
	}
	var file *os.File
	err := f.within("open", name, func(root *os.Root) (err error) {
		if err := plain(root, name); err != nil {
			return err
		}
		if file, err = root.Open(filepath.FromSlash(name)); err != nil {
			return err
		}
		is, err := file.Stat()
		if err == nil && !is.IsDir() && !is.Mode().IsRegular() {
			err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		if err != nil {
			file.Close()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &folderFile{File: file, name: name}, nil
}

// Stat implements fs.StatFS.
func (f folderFS) Stat(name string) (is fs.FileInfo, err error) {
	if name == "." {
		if _, err := os.Stat(f.path); errors.Is(err, fs.ErrNotExist) {
			return folderInfo(name), nil
		}
	}
	err = f.within("stat", name, func(root *os.Root) (err error) {
		if err := plain(root, name); err != nil {
			return err
		}
		is, err = root.Lstat(filepath.FromSlash(name))
		return err
	})
	if err == nil && name == "." {
		is = folderInfo(name)
	}
	return is, err
}

// ReadDir implements fs.ReadDirFS.
func (f folderFS) ReadDir(name string) ([]fs.DirEntry, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	d, ok := file.(fs.ReadDirFile)
	if !ok {
		return nil, fail("list", name, fs.ErrInvalid)
	}
	entries, err := d.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		return cmp.Compare(a.Name(), b.Name())
	})
	return entries, err
}

// WalkFiles implements ingest.Walker.
func (f folderFS) WalkFiles(do func(name string, entry fs.DirEntry) error) error {
	return fs.WalkDir(f, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return do(name, entry)
	})
}

// A folderFile is a file or a folder that is read.
type folderFile struct {
	*os.File
	name string
}

func (f *folderFile) Stat() (fs.FileInfo, error) {
	is, err := f.File.Stat()
	if err == nil && f.name == "." {
		is = folderInfo(".")
	}
	return is, hidePath("stat", f.name, err)
}

func (f *folderFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	return n, hidePath("read", f.name, err)
}

// ReadDir implements fs.ReadDirFile.
func (f *folderFile) ReadDir(n int) ([]fs.DirEntry, error) {
	for {
		entries, err := f.File.ReadDir(n)
		read := len(entries)
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() && !e.Type().IsRegular() })
		if n > 0 && err == nil && read > 0 && len(entries) == 0 {
			continue // only things that are not there
		}
		return entries, hidePath("list", f.name, err)
	}
}
