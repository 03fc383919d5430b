//go:build killpoints

package txlog

import (
	"path"
	"strings"

	"github.com/fhirlake/fhirlake/internal/killpoint"
)

// withKillPoints puts kill points around what changes a folder: "before" and
// "after" of "create", "write", "truncate", "sync", "rename" and "remove" of
// "header", "keyset", "head", "manifest", "segment" and "dictionary", of their
// temporary files ("manifest-tmp"), and of the folders ("folder").
func withKillPoints(folder Folder) Folder { return killFolder{folder} }

type killFolder struct{ Folder }

// around passes the points before and after f.
func around(op, name string, f func() error) error {
	killpoint.Here("before." + op + "." + name)
	err := f()
	killpoint.Here("after." + op + "." + name)
	return err
}

// kindOf returns the kind of a file.
func kindOf(name string) string {
	base, isTemp := strings.CutSuffix(name, tempSuffix)
	switch path.Dir(base) {
	case nameLog:
		base = "segment"
	case nameDictionaries:
		base = "dictionary"
	}
	if isTemp {
		base += "-tmp"
	}
	return base
}

func (d killFolder) Mkdir(name string) error {
	return around("create", "folder", func() error { return d.Folder.Mkdir(name) })
}

func (d killFolder) Open(name string, flag int) (f File, err error) {
	if flag != openCreate {
		f, err = d.Folder.Open(name, flag)
	} else {
		err = around("create", kindOf(name), func() (err error) {
			f, err = d.Folder.Open(name, flag)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return killFile{f, kindOf(name)}, nil
}

func (d killFolder) Rename(oldName, newName string) error {
	return around("rename", kindOf(newName), func() error { return d.Folder.Rename(oldName, newName) })
}

func (d killFolder) Remove(name string) error {
	return around("remove", kindOf(name), func() error { return d.Folder.Remove(name) })
}

func (d killFolder) SyncDir(name string) error {
	return around("sync", "folder", func() error { return d.Folder.SyncDir(name) })
}

func (d killFolder) Lock(f File) error { return d.Folder.Lock(f.(killFile).File) }

func (d killFolder) Check(name string, f File) error { return d.Folder.Check(name, f.(killFile).File) }

type killFile struct {
	File
	kind string
}

func (f killFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = around("write", f.kind, func() (err error) {
		n, err = f.File.WriteAt(p, off)
		return err
	})
	return n, err
}

func (f killFile) Truncate(size int64) error {
	return around("truncate", f.kind, func() error { return f.File.Truncate(size) })
}

func (f killFile) Sync() error {
	return around("sync", f.kind, f.File.Sync)
}
