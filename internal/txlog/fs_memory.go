package txlog

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// Memory is a store's folder in memory. It is safe for use by many goroutines.
type Memory struct {
	mu     sync.Mutex
	files  map[string]*memoryData
	dirs   map[string]bool
	locked bool
}

// NewMemory returns an empty FS in memory. It outlives the logs opened on it,
// so that a test can open a store again.
func NewMemory() *Memory {
	return &Memory{files: map[string]*memoryData{}, dirs: map[string]bool{}}
}

// MkdirAll implements FS.
func (m *Memory) MkdirAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ; ; name = path.Dir(name) {
		m.dirs[name] = true
		if name == "." {
			return nil
		}
	}
}

// Open implements FS.
func (m *Memory) Open(name string, create bool) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data := m.files[name]
	if data == nil {
		if !create || !m.dirs[path.Dir(name)] {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		data = new(memoryData)
		m.files[name] = data
	}
	return &memoryFile{data: data}, nil
}

// ReadDir implements FS.
func (m *Memory) ReadDir(name string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dirs[name] {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var names []string
	for file := range m.files {
		if path.Dir(file) == name {
			names = append(names, path.Base(file))
		}
	}
	for dir := range m.dirs {
		if dir != "." && path.Dir(dir) == name {
			names = append(names, path.Base(dir))
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names, nil
}

// Rename implements FS.
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

// Remove implements FS.
func (m *Memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(m.files, name)
	return nil
}

// SyncDir implements FS. There is nothing to do.
func (m *Memory) SyncDir(string) error { return nil }

// Lock implements FS.
func (m *Memory) Lock(name string) (io.Closer, error) {
	f, err := m.Open(name, true)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked {
		f.Close()
		return nil, ErrLocked
	}
	m.locked = true
	return &memoryLock{m: m}, nil
}

// Path implements FS. Memory has no paths.
func (m *Memory) Path(string) (string, bool) { return "", false }

type memoryLock struct {
	m    *Memory
	once sync.Once
}

func (l *memoryLock) Close() error {
	l.once.Do(func() {
		l.m.mu.Lock()
		l.m.locked = false
		l.m.mu.Unlock()
	})
	return nil
}

// memoryData is the content of a file, whatever its name and who has it open.
type memoryData struct {
	mu    sync.RWMutex
	bytes []byte
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

// resize cuts the content or extends it with zeros.
func (d *memoryData) resize(size int) {
	old := len(d.bytes)
	if size > old {
		d.bytes = slices.Grow(d.bytes, size-old)
		clear(d.bytes[old:size])
	}
	d.bytes = d.bytes[:size]
}

func (f *memoryFile) Size() (int64, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	f.data.mu.RLock()
	defer f.data.mu.RUnlock()
	return int64(len(f.data.bytes)), nil
}

func (f *memoryFile) Sync() error { return f.check() }

func (f *memoryFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}
