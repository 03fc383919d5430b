package txlog

import "io"

// An FS is the folder of one store. Names are relative to it, with slashes.
// The two implementations are the operating system's ([OSFolder]) and memory
// ([NewMemory]); tests wrap them to inject faults.
type FS interface {
	// MkdirAll makes the folder and its parents, mode 0700. "." is the
	// store's own folder.
	MkdirAll(name string) error

	// Open opens a file for reading and writing. With create, a missing file
	// is made, mode 0600; without, the error wraps fs.ErrNotExist.
	Open(name string, create bool) (File, error)

	// ReadDir returns the sorted names in a folder. Where there is no such
	// folder the error wraps fs.ErrNotExist.
	ReadDir(name string) ([]string, error)

	// Rename replaces newName with oldName, atomically.
	Rename(oldName, newName string) error

	// Remove removes a file.
	Remove(name string) error

	// SyncDir makes creations and renames in the folder durable.
	SyncDir(name string) error

	// Lock takes the store's lock by means of the named file, which it makes
	// if it must, until the Closer is closed or the process ends. It reports
	// ErrLocked where another has it.
	Lock(name string) (io.Closer, error)

	// Path returns the operating system's path of a file, or false where
	// there is none. The engine writes its open segment by this path.
	Path(name string) (string, bool)
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

// readFile returns the content of a small file.
func readFile(fsys FS, name string) ([]byte, error) {
	f, err := fsys.Open(name, false)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > maxSmallFile {
		return nil, corruptf("%s has %d bytes", name, size)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}

// maxSmallFile bounds header, keyset, head and manifest: 64 MiB of manifest
// lists over 800,000 segments.
const maxSmallFile = 64 << 20

// tempSuffix ends the name of a file that is being written.
const tempSuffix = ".tmp"

// replaceFile writes a small file so that after a crash there is the old
// content or the new. renamed tells whether the new content may be in place
// although err is not nil.
func replaceFile(fsys FS, name string, content []byte) (renamed bool, err error) {
	if err := writeSynced(fsys, name+tempSuffix, content); err != nil {
		return false, err
	}
	if err := fsys.Rename(name+tempSuffix, name); err != nil {
		return true, err
	}
	return true, fsys.SyncDir(".")
}

// writeSynced gives a file exactly this content, and syncs the file, not the
// folder.
func writeSynced(fsys FS, name string, content []byte) (err error) {
	f, err := fsys.Open(name, true)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	return f.Sync()
}
