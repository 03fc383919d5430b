package virtual

import (
	"io/fs"
	"path"
	"time"
)

// An Info is the fs.FileInfo of a file, or of a folder.
type Info struct {
	Path     string // Name is its last part
	Bytes    int64
	Modified time.Time
	Folder   bool
}

func (i *Info) Name() string       { return path.Base(i.Path) }
func (i *Info) Size() int64        { return i.Bytes }
func (i *Info) ModTime() time.Time { return i.Modified }
func (i *Info) IsDir() bool        { return i.Folder }
func (i *Info) Sys() any           { return nil }

// Mode implements fs.FileInfo: everybody may read.
func (i *Info) Mode() fs.FileMode {
	if i.Folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
