package txlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Open opens the store in a folder, or makes one where there is none. The path
// "mem:" makes a new store in memory. Options may be nil for "mem:".
//
// The last segment is read and verified; a torn record beyond head is cut off.
// Closed segments are verified when they are first read, by [Log.Records] or by
// ordinal.
//
// It reports ErrLocked, ErrWrongKey, ErrCorrupt, ErrForeign, ErrUnsupported,
// ErrNoKey, or what the file system or the key wrapper reports.
func Open(ctx context.Context, path string, opts *Options) (*Log, error) {
	options, err := opts.withDefaults(path)
	if err != nil {
		return nil, err
	}
	// Looking comes before locking, which would touch a foreign folder.
	found, err := inspect(options.FS)
	if err != nil {
		return nil, err
	}
	if _, err := found.isNew(options.FS); err != nil {
		return nil, err
	}
	if !found.exists {
		if err := makeFolder(options.FS); err != nil {
			return nil, fmt.Errorf("txlog: open: %w", err)
		}
	}
	lock, err := options.FS.Lock(nameLock)
	if errors.Is(err, ErrLocked) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("txlog: open: %w", err)
	}
	l := &Log{options: options, lock: lock}
	if err := l.open(ctx); err != nil {
		l.release() // the first error is the one that matters
		return nil, err
	}
	return l, nil
}

func makeFolder(fsys FS) error {
	if err := fsys.MkdirAll("."); err != nil {
		return err
	}
	return fsys.SyncDir("..")
}

// open does all that needs the lock.
func (l *Log) open(ctx context.Context) error {
	fsys := l.options.FS
	found, err := inspect(fsys)
	if err != nil {
		return err
	}
	isNew, err := found.isNew(fsys)
	if err != nil {
		return err
	}
	if isNew {
		if err := create(ctx, &l.options); err != nil {
			return err
		}
		if found, err = inspect(fsys); err != nil {
			return err
		}
	}
	// Names that an earlier process saw and could not sync must not go away
	// under what is written from now on.
	if !found.has(nameLog) {
		return corruptf("%s is missing", nameLog)
	}
	for _, name := range []string{".", nameLog} {
		if err := fsys.SyncDir(name); err != nil {
			return fmt.Errorf("txlog: open: %w", err)
		}
	}
	keys, err := l.openKeys(ctx)
	if err != nil {
		return err
	}
	m, h, err := l.openSmallFiles(keys)
	if err != nil {
		return err
	}
	if err := l.openSegments(found, m); err != nil {
		return err
	}
	return l.openLast(ctx, m, h)
}

// openKeys reads keyset and header.
func (l *Log) openKeys(ctx context.Context) (*seal.Keyset, error) {
	file, err := readOwn(l.options.FS, nameKeyset)
	if err != nil {
		return nil, err
	}
	keys, err := seal.Unmarshal(ctx, file, l.options.Wrapper)
	if err != nil {
		return nil, sealError(err)
	}
	if file, err = readOwn(l.options.FS, nameHeader); err != nil {
		return nil, err
	}
	if l.header, err = unmarshalHeader(file, keys); err != nil {
		return nil, err
	}
	if l.hashKey, err = keys.HashKey(l.header.salt[:]); err != nil {
		return nil, err
	}
	l.keys.Store(keys)
	return keys, nil
}

// openSmallFiles reads manifest and head, and removes what an interrupted
// replacement left.
func (l *Log) openSmallFiles(keys *seal.Keyset) (*manifest, head, error) {
	file, err := readOwn(l.options.FS, nameManifest)
	if err != nil {
		return nil, head{}, err
	}
	m, err := unmarshalManifest(file, keys)
	if err != nil {
		return nil, head{}, err
	}
	if file, err = readOwn(l.options.FS, nameHead); err != nil {
		return nil, head{}, err
	}
	h, err := unmarshalHeads(file, keys)
	if err != nil {
		return nil, head{}, err
	}
	for _, name := range []string{nameHeader, nameKeyset, nameManifest} {
		err := l.options.FS.Remove(name + tempSuffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, head{}, fmt.Errorf("txlog: open: %w", err)
		}
	}
	l.writer.epoch = m.epoch
	l.writer.head, err = l.options.FS.Open(nameHead, false)
	if err != nil {
		return nil, head{}, fmt.Errorf("txlog: open: %w", err)
	}
	return m, h, nil
}

// openSegments opens the files of the manifest, and holds what is in the folder
// against it.
func (l *Log) openSegments(found *folder, m *manifest) error {
	st := &state{}
	l.state.Store(st) // so that release closes what was opened
	for i, e := range m.segments {
		f, err := l.options.FS.Open(segmentName(e.first), false)
		if errors.Is(err, fs.ErrNotExist) {
			return corruptf("segment %d is missing", e.first)
		}
		if err != nil {
			return fmt.Errorf("txlog: open: %w", err)
		}
		s := &segment{first: e.first, ordinal: e.firstOrdinal, previous: e.previous, file: f}
		st.segments = append(st.segments, s)
		if i == len(m.segments)-1 {
			break
		}
		s.closed = e
		l.writer.entries = append(l.writer.entries, e)
		size, err := f.Size()
		if err != nil {
			return fmt.Errorf("txlog: open: %w", err)
		}
		if size != e.size {
			return corruptf("segment %d has %d bytes, should have %d", e.first, size, e.size)
		}
	}
	return l.removeStrays(found, m)
}

// removeStrays removes an empty segment that was made when a crash came before
// its entry in the manifest. Any other segment that the manifest does not list
// means that the manifest is an old one.
func (l *Log) removeStrays(found *folder, m *manifest) error {
	for _, name := range found.segments {
		listed := slices.ContainsFunc(m.segments, func(e segmentEntry) bool { return segmentFile(e.first) == name })
		if listed {
			continue
		}
		name = path.Join(nameLog, name)
		size, err := fileSize(l.options.FS, name)
		if err != nil {
			return err
		}
		if size > 0 {
			return corruptf("%s is not in the manifest", name)
		}
		if err := l.options.FS.Remove(name); err != nil {
			return fmt.Errorf("txlog: open: %w", err)
		}
	}
	return nil
}

// readOwn reads a small file that a store cannot be without.
func readOwn(fsys FS, name string) ([]byte, error) {
	b, err := readFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, corruptf("%s is missing", name)
	}
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, fmt.Errorf("txlog: open: %w", err)
	}
	return b, err
}

// sealError gives errors of package seal the class they have here.
func sealError(err error) error {
	switch {
	case errors.Is(err, seal.ErrCorrupt), errors.Is(err, seal.ErrUnknownKey):
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	case errors.Is(err, seal.ErrUnsupported):
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return err
}
