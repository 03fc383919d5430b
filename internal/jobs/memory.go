package jobs

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// Memory is a Sink that keeps files in memory. It is safe for use by many
// goroutines. The zero Memory is empty.
type Memory struct {
	mu    sync.Mutex
	files map[string][]byte
}

// Create implements [Sink].
func (m *Memory) Create(name string) (io.WriteCloser, error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, fmt.Errorf("jobs: creating a file: %w", fs.ErrInvalid)
	}
	return &memoryFile{sink: m, name: name}, nil
}

// Names returns the names of the closed files, sorted.
func (m *Memory) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.files))
}

// File returns the content of a closed file, or nil if there is none. It must not be
// changed.
func (m *Memory) File(name string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files[name]
}

type memoryFile struct {
	bytes.Buffer
	sink *Memory
	name string
}

func (f *memoryFile) Close() error {
	f.sink.mu.Lock()
	defer f.sink.mu.Unlock()
	if f.sink.files == nil {
		f.sink.files = map[string][]byte{}
	}
	f.sink.files[f.name] = append([]byte{}, f.Bytes()...)
	return nil
}

// Abort forgets the file.
func (f *memoryFile) Abort() error { return nil }
