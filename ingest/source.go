package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
)

// A Walker is a file system that lists its files by itself. A bucket does so to ask for
// a thousand at a time. An import uses it in place of fs.WalkDir.
type Walker interface {
	fs.FS
	// WalkFiles calls f with each file of the file system, until f returns an error,
	// which it returns.
	WalkFiles(f func(name string, entry fs.DirEntry) error) error
}

// A Deleter is a file system that knows its files of deletions, as a Bulk Data manifest
// does. In other file systems names tell them.
type Deleter interface {
	fs.FS
	// Deletes reports whether the lines of a file are Bundles of deletions.
	Deletes(name string) bool
}

// A source is one input file.
type source struct {
	name  string
	size  int64 // as it lies in its folder; 0 where that is not known
	whole bool  // the file is one resource, on however many lines
	again bool  // it can be read more than once
	// bundle says that the file is one JSON text, whose entries are imported if it is a
	// Bundle; unpack says the same of each line; deletes says that lines which are
	// Bundles of deletions delete.
	bundle, unpack, deletes bool

	open func() (io.ReadCloser, error)
}

// sources lists the input of the options.
func (o *Options) sources(ctx context.Context, store *datastore.Store) ([]source, error) {
	if o.Reader != nil {
		return []source{o.reader()}, nil
	}
	if p, ok := o.From.(*PackageFS); ok {
		return p.sources(ctx, store, o.Files)
	}
	if len(o.Files) == 0 {
		return o.walk()
	}
	names, err := o.match()
	if err != nil {
		return nil, err
	}
	list := make([]source, len(names))
	for i, name := range names {
		info, err := fs.Stat(o.From, name)
		if list[i], err = o.source(name, info, err); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// reader returns Reader's source. A Reader that can seek is read again from its first
// offset.
func (o *Options) reader() source {
	s := source{name: o.Name, open: func() (io.ReadCloser, error) { return io.NopCloser(o.Reader), nil }}
	o.setForm(&s)
	seeker, ok := o.Reader.(io.Seeker)
	if !ok {
		return s
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil { // a pipe
		return s
	}
	s.again = true
	s.open = func() (io.ReadCloser, error) {
		_, err := seeker.Seek(start, io.SeekStart)
		return io.NopCloser(o.Reader), err
	}
	return s
}

// source returns the source of a file, given its FileInfo or the error. A file that has
// vanished since it was listed becomes a source that cannot be read.
func (o *Options) source(name string, info fs.FileInfo, err error) (source, error) {
	s := source{name: name, again: true, open: func() (io.ReadCloser, error) { return o.From.Open(name) }}
	o.setForm(&s)
	switch {
	case err == nil:
		s.size = info.Size()
	case !errors.Is(err, fs.ErrNotExist):
		return source{}, fmt.Errorf("ingest: %w", err)
	}
	return s, nil
}

// match returns the files of Options.Files, in order, none twice.
func (o *Options) match() ([]string, error) {
	var names []string
	seen := map[string]bool{}
	for _, pattern := range o.Files {
		matches, err := fs.Glob(o.From, pattern)
		if err != nil {
			return nil, fmt.Errorf("ingest: Files: %w", err)
		}
		slices.SortFunc(matches, compareNames)
		if len(matches) == 0 {
			return nil, fmt.Errorf("%w: nothing is called %s", ErrNoInput, pattern)
		}
		for _, name := range matches {
			if !seen[name] {
				seen[name], names = true, append(names, name)
			}
		}
	}
	return names, nil
}

// setForm sets how a source is read, by its name.
func (o *Options) setForm(s *source) {
	json := hasSuffix(s.name, jsonSuffix)
	s.whole, s.bundle = json && o.Bundles == KeepBundles, json && o.Bundles != KeepBundles
	s.deletes = o.deletes(s.name)
	s.unpack = !json && o.Bundles == UnpackBundles && !s.deletes
}

// deletes reports whether a file is a file of deletions as Bulk Data has them: the file
// system says so, or its name or a folder of its path is "deleted".
func (o *Options) deletes(name string) bool {
	if d, ok := o.From.(Deleter); ok && d.Deletes(name) {
		return true
	}
	folder, base := path.Split(name)
	base, _, _ = strings.Cut(base, ".")
	return base == deletedName || slices.Contains(strings.Split(folder, "/"), deletedName)
}

const deletedName = "deleted"

// walk returns a source for every file with a name of ldjson or JSON, in the order of
// compareNames.
func (o *Options) walk() ([]source, error) {
	var list []source
	add := func(name string, entry fs.DirEntry) error {
		if !isInput(name) {
			return nil
		}
		info, err := entry.Info()
		if entry.Type()&fs.ModeSymlink != 0 {
			info, err = fs.Stat(o.From, name)
		}
		s, err := o.source(name, info, err)
		list = append(list, s)
		return err
	}
	var err error
	if w, ok := o.From.(Walker); ok {
		err = w.WalkFiles(add)
	} else {
		err = fs.WalkDir(o.From, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			return add(name, entry)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	slices.SortStableFunc(list, func(a, b source) int { return compareNames(a.name, b.name) })
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: the folder has no .ndjson, .ldjson, .jsonl or .json file", ErrNoInput)
	}
	return list, nil
}

// isInput reports whether a name is one of ldjson or JSON. A manifest, as exports and
// reports have, is input only if Options.Files names it.
func isInput(name string) bool {
	return hasSuffix(name, ".ndjson", ".ldjson", ".jsonl") || hasSuffix(name, jsonSuffix) && !strings.HasPrefix(path.Base(name), manifestName)
}

// hasSuffix reports whether a name ends in a suffix, whether or not the file is
// compressed.
func hasSuffix(name string, suffixes ...string) bool {
	return slices.Contains(suffixes, path.Ext(strings.TrimSuffix(strings.TrimSuffix(name, gzipSuffix), zstdSuffix)))
}

// The suffixes end the names of compressed files. Input is told by its first bytes; a
// failures file follows the name of its input.
const (
	jsonSuffix = ".json"
	gzipSuffix = ".gz"
	zstdSuffix = ".zst"
)
