package ingest

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/jobs"
)

// A source is one input file.
type source struct {
	name string
	size int64 // as it lies in its folder; 0 where that is not known
	open func() (io.ReadCloser, error)
}

// openWithin opens the file. One that does not open before ctx ends, as a pipe that
// nobody writes to, is left behind, and closed if it opens after all.
func (s *source) openWithin(ctx context.Context) (io.ReadCloser, error) {
	opened := make(chan io.ReadCloser, 1)
	err := jobs.Await(ctx, func() error {
		file, err := s.open()
		if err != nil {
			return err
		}
		opened <- file
		if ctx.Err() != nil {
			return file.Close()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return <-opened, nil
}

// sources lists what the options name.
func (o *Options) sources() ([]source, error) {
	if o.Reader != nil {
		return []source{{name: o.Name, open: func() (io.ReadCloser, error) { return io.NopCloser(o.Reader), nil }}}, nil
	}
	names, err := o.names()
	if err != nil {
		return nil, err
	}
	list := make([]source, len(names))
	for i, name := range names {
		info, err := fs.Stat(o.From, name)
		if err != nil {
			return nil, fmt.Errorf("ingest: %w", err)
		}
		list[i] = source{name: name, size: info.Size(), open: func() (io.ReadCloser, error) { return o.From.Open(name) }}
	}
	return list, nil
}

// names returns the files of From to import, in order, none twice.
func (o *Options) names() ([]string, error) {
	if len(o.Files) == 0 {
		return walk(o.From)
	}
	var names []string
	for _, pattern := range o.Files {
		matches, err := fs.Glob(o.From, pattern)
		if err != nil {
			return nil, fmt.Errorf("ingest: Files: %w", err)
		}
		if len(matches) == 0 {
			return nil, fmt.Errorf("%w: nothing is called %s", ErrNoInput, pattern)
		}
		for _, name := range matches {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// walk returns every file with an ldjson name.
func walk(from fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && isLines(name) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: the folder has no .ndjson, .ldjson or .jsonl file", ErrNoInput)
	}
	return names, nil
}

// isLines reports whether a name is one of ldjson.
func isLines(name string) bool {
	switch path.Ext(strings.TrimSuffix(name, gzipSuffix)) {
	case ".ndjson", ".ldjson", ".jsonl":
		return true
	}
	return false
}

// gzipSuffix ends the name of a compressed file. Input is told by its first
// bytes; a failures file follows the name of its input.
const gzipSuffix = ".gz"
