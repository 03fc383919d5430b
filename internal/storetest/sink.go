package storetest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// A Sink keeps the files of a job in memory. It is safe for use by many goroutines. The
// zero Sink is empty.
type Sink struct {
	mu    sync.Mutex
	files map[string][]byte
}

// Create begins a file, which exists once it is closed.
func (s *Sink) Create(name string) (io.WriteCloser, error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, fmt.Errorf("storetest: creating a file: %w", fs.ErrInvalid)
	}
	return &sinkFile{sink: s, name: name}, nil
}

// Names returns the names of the closed files, sorted.
func (s *Sink) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.files))
}

// File returns the content of a closed file, or nil if there is none. It must not be
// changed.
func (s *Sink) File(name string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[name]
}

type sinkFile struct {
	bytes.Buffer
	sink *Sink
	name string
}

func (f *sinkFile) Close() error {
	f.sink.mu.Lock()
	defer f.sink.mu.Unlock()
	if f.sink.files == nil {
		f.sink.files = map[string][]byte{}
	}
	f.sink.files[f.name] = append([]byte{}, f.Bytes()...)
	return nil
}

// Abort forgets the file.
func (f *sinkFile) Abort() error { return nil }
