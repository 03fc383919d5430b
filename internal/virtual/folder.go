package virtual

import (
	"io"
	"io/fs"
)

// A Folder is an open folder, an fs.ReadDirFile for one goroutine.
type Folder struct {
	path    string
	list    func() ([]fs.DirEntry, error)
	entries []fs.DirEntry // that are not read yet
	listed  bool
}

// NewFolder opens a folder. It is listed when it is first read.
func NewFolder(path string, list func() ([]fs.DirEntry, error)) *Folder {
	return &Folder{path: path, list: list}
}

// Stat implements fs.File.
func (f *Folder) Stat() (fs.FileInfo, error) { return &Info{Path: f.path, Folder: true}, nil }

// Close implements fs.File.
func (f *Folder) Close() error { return nil }

// Read implements fs.File. A folder has no bytes.
func (f *Folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.path, Err: fs.ErrInvalid}
}

// ReadDir implements fs.ReadDirFile.
func (f *Folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if !f.listed {
		entries, err := f.list()
		if err != nil {
			return nil, err
		}
		f.entries, f.listed = entries, true
	}
	if n <= 0 {
		n = len(f.entries)
	} else if len(f.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.entries))
	entries := f.entries[:n:n]
	f.entries = f.entries[n:]
	return entries, nil
}
