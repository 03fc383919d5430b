package txlog

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
)

// Memory is a store's folder in memory. It is safe for use by many goroutines.
type Memory struct {
	mu    sync.Mutex
	files map[string]*memoryData
	dirs  map[string]bool
}

// NewMemory returns an empty FS in memory. The FS outlives the logs opened on it, so
// that a test can open a store again.
func NewMemory() *Memory {
	return &Memory{files: map[string]*memoryData{}, dirs: map[string]bool{}}
}

// Mount implements FS.
func (m *Memory) Mount(create bool) (Folder, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !create && !m.dirs["."] {
		return nil, &fs.PathError{Op: "mount", Path: ".", Err: fs.ErrNotExist}
	}
	m.dirs["."] = true
	return m, nil
}

// Mkdir implements Folder.
func (m *Memory) Mkdir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dirs[name] = true
	return nil
}

// Mode implements Folder.
func (m *Memory) Mode() (fs.FileMode, error) { return 0o700, nil }

// Open implements Folder.
func (m *Memory) Open(name string, flag int) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data := m.files[name]
	if data == nil {
		if flag&os.O_CREATE == 0 || !m.dirs[path.Dir(name)] {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		data = new(memoryData)
		m.files[name] = data
	}
	return &memoryFile{data: data}, nil
}

// ReadDir implements Folder.
func (m *Memory) ReadDir(name string) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dirs[name] {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var entries []Entry
	for file, data := range m.files {
		if path.Dir(file) == name {
			entries = append(entries, Entry{Name: path.Base(file), Mode: 0o600, Size: data.size()})
		}
	}
	for dir := range m.dirs {
		if dir != "." && path.Dir(dir) == name {
			entries = append(entries, Entry{Name: path.Base(dir), Mode: fs.ModeDir | 0o700})
		}
	}
	sortEntries(entries)
	return entries, nil
}

func sortEntries(entries []Entry) {
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
}

// Rename implements Folder.
func (m *Memory) Rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	data := m.files[oldName]
	if data == nil {
		return &fs.PathError{Op: "rename", Path: oldName, Err: fs.ErrNotExist}
	}
	delete(m.files, oldName)
	m.files[newName] = data
	return nil
}

// Remove implements Folder.
func (m *Memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dirs[name] {
		for file := range m.files {
			if path.Dir(file) == name {
				return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrExist}
			}
		}
		delete(m.dirs, name)
		return nil
	}
	if m.files[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(m.files, name)
	return nil
}

// SyncDir implements Folder. There is nothing to do.
func (m *Memory) SyncDir(string) error { return nil }

// Lock implements Folder.
func (m *Memory) Lock(f File) error {
	file := f.(*memoryFile)
	file.data.mu.Lock()
	defer file.data.mu.Unlock()
	if file.data.locker != nil && file.data.locker != file {
		return ErrLocked
	}
	file.data.locker = file
	return nil
}

// Check implements Folder.
func (m *Memory) Check(name string, f File) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files[name] != f.(*memoryFile).data {
		return fmt.Errorf("%w: %s is another", ErrReplaced, name)
	}
	return nil
}

// Close implements Folder.
func (m *Memory) Close() error { return nil }

// memoryData is the content of a file, whatever its name and who has it open.
type memoryData struct {
	mu     sync.RWMutex
	bytes  []byte
	locker *memoryFile
}

func (d *memoryData) size() int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return int64(len(d.bytes))
}

type memoryFile struct {
	data   *memoryData
	mu     sync.RWMutex
	closed bool
}

func (f *memoryFile) check() error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed {
		return fs.ErrClosed
	}
	return nil
}

func (f *memoryFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	f.data.mu.RLock()
	defer f.data.mu.RUnlock()
	if off >= int64(len(f.data.bytes)) {
		return 0, io.EOF
	}
	n := copy(p, f.data.bytes[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memoryFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	f.data.mu.Lock()
	defer f.data.mu.Unlock()
	if end := int(off) + len(p); end > len(f.data.bytes) {
		f.data.resize(end)
	}
	return copy(f.data.bytes[off:], p), nil
}

func (f *memoryFile) Truncate(size int64) error {
	if err := f.check(); err != nil {
		return err
	}
	f.data.mu.Lock()
	defer f.data.mu.Unlock()
	f.data.resize(int(size))
	return nil
}

// resize cuts the content or extends it with zeros. Room is doubled, since
// segments grow by small appends.
func (d *memoryData) resize(size int) {
	old := len(d.bytes)
	if size > cap(d.bytes) {
		grown := make([]byte, old, max(size, 2*old))
		copy(grown, d.bytes)
		d.bytes = grown
	}
	if size > old {
		clear(d.bytes[old:size])
	}
	d.bytes = d.bytes[:size]
}

func (f *memoryFile) Size() (int64, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	return f.data.size(), nil
}

func (f *memoryFile) Sync() error { return f.check() }

func (f *memoryFile) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.data.mu.Lock()
	defer f.data.mu.Unlock()
	if f.data.locker == f {
		f.data.locker = nil
	}
	return nil
}
