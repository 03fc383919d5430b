package txlog

import (
	"io"
	"io/fs"
	"os"
)

// An FS is where the folder of one store is. The two implementations are the
// operating system's ([OSFolder]) and memory ([NewMemory]); tests have others,
// to inject faults.
type FS interface {
	// Mount opens the folder for one user. With create, a missing folder and its
	// parents are made, mode 0700; without it, the error wraps fs.ErrNotExist.
	Mount(create bool) (Folder, error)
}

// A Folder is the open folder of a store. Names are relative to the folder, with
// slashes. They lead to this folder even if its path leads elsewhere later.
type Folder interface {
	// Mkdir makes a folder, mode 0700. An existing folder is no error.
	Mkdir(name string) error

	// Open opens a file; flag is os.O_RDONLY, os.O_RDWR, or
	// os.O_RDWR|os.O_CREATE, which makes a missing file, mode 0600. Without
	// os.O_CREATE the error for a missing file wraps fs.ErrNotExist.
	Open(name string, flag int) (File, error)

	// ReadDir returns what is in a folder, sorted by name. If there is no such folder,
	// the error wraps fs.ErrNotExist.
	ReadDir(name string) ([]Entry, error)

	// Mode returns the permissions of the folder itself.
	Mode() (fs.FileMode, error)

	// Rename replaces newName with oldName, atomically.
	Rename(oldName, newName string) error

	// Remove removes a file, which may be open, or an empty folder.
	Remove(name string) error

	// SyncDir makes creations and renames in the folder durable.
	SyncDir(name string) error

	// Lock takes the lock that lies on an open file, until the file is closed or the
	// process ends. It reports ErrLocked if another has it.
	Lock(f File) error

	// Check reports ErrReplaced unless the folder's path still leads to this
	// folder, and the name to this file.
	Check(name string, f File) error

	// Close releases the folder. Its files stay open.
	Close() error
}

// An Entry is one name in a folder.
type Entry struct {
	Name string
	Mode fs.FileMode // type and permissions
	Size int64
}

// A File is an open file. ReadAt may be called by many goroutines, and at the
// same time as Close, after which it reports an error that wraps fs.ErrClosed.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	Sync() error
}

const openCreate = os.O_RDWR | os.O_CREATE

// readFile returns the content of a small file.
func readFile(folder Folder, name string) ([]byte, error) {
	return readUpTo(folder, name, maxSmallFile)
}

// readUpTo returns the content of a file of at most so many bytes.
func readUpTo(folder Folder, name string, most int64) ([]byte, error) {
	f, err := folder.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > most {
		return nil, corruptf("%s has %d bytes", name, size)
	}
	b := make([]byte, size)
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return b[:n], nil
}

// maxSmallFile bounds header, keyset, head, manifest and dictionaries: 64 MiB of
// manifest list over 400,000 segments.
const maxSmallFile = 64 << 20

// tempSuffix ends the name of a file that is being written.
const tempSuffix = ".tmp"

// replaceFile writes a small file so that a crash leaves the old content or the new. If
// err is not nil, renamed tells whether the new content may be in place all the same.
func replaceFile(folder Folder, name string, content []byte) (renamed bool, err error) {
	if err := writeSynced(folder, name+tempSuffix, content); err != nil {
		return false, err
	}
	if err := folder.Rename(name+tempSuffix, name); err != nil {
		return true, err
	}
	return true, folder.SyncDir(".")
}

// writeSynced gives a file exactly this content, and syncs the file, not the
// folder.
func writeSynced(folder Folder, name string, content []byte) (err error) {
	f, err := folder.Open(name, openCreate)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	return writeWhole(f, content)
}

// writeWhole gives an open file exactly this content, and syncs it.
func writeWhole(f File, content []byte) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	return f.Sync()
}
