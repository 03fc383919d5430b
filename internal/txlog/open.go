package txlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Open opens the store in a folder, or makes one if there is none. The path "mem:"
// makes a new store in memory. Options may be nil for "mem:".
//
// The last segment is read and verified; a torn record beyond head is cut off.
// Closed segments are verified when they are first read, by [Log.Records] or by
// number. Each opening for writing has a term and a data key of its own, which begin with
// its first write: one that writes nothing changes no file of a store that was closed.
//
// It reports ErrLocked, ErrWrongKey, ErrCorrupt, ErrForeign, ErrExposed,
// ErrUnsupported, ErrNoKey, or what the file system or the key wrapper reports;
// with Options.ReadOnly or Options.Existing also ErrNoStore.
func Open(ctx context.Context, path string, opts *Options) (*Log, error) {
	options, err := opts.withDefaults(path)
	if err != nil {
		return nil, err
	}
	if options.ReadOnly {
		return openForReading(ctx, options)
	}
	l := &Log{options: options}
	l.writer.wrapper = options.Wrapper
	if err := l.openForWriting(ctx); err != nil {
		if l.folder != nil {
			l.release() // the first error is the one that matters
		}
		return nil, err
	}
	l.startSyncing()
	return l, nil
}

func (l *Log) openForWriting(ctx context.Context) error {
	keys, err := l.enter(ctx)
	if err != nil {
		return err
	}
	found, err := list(l.folder)
	if err != nil {
		return err
	}
	isNew, err := found.isNew()
	if err != nil {
		return err
	}
	if isNew {
		if keys == nil {
			return corruptf("the store went away while it was opened")
		}
		if err := l.create(keys); err != nil {
			return err
		}
		if found, err = list(l.folder); err != nil {
			return err
		}
	}
	for _, name := range found.passed {
		l.options.Logger.Warn("a name in the store's folder was passed over", "name", name)
	}
	return l.open(ctx, found)
}

// enter mounts the folder and takes the lock. It looks at the folder before it locks,
// since locking would touch a foreign folder. For a new store it also asks the wrapper
// before, so that a refused key leaves nothing behind, and returns the new keys.
func (l *Log) enter(ctx context.Context) (keys *seal.Keyset, err error) {
	isNew := false
	folder, err := l.options.FS.Mount(false)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		isNew = true
	case err != nil:
		return nil, openError(err)
	default:
		l.folder = withKillPoints(folder)
		found, err := list(l.folder)
		if err != nil {
			return nil, err
		}
		if isNew, err = found.isNew(); err != nil {
			return nil, err
		}
	}
	flag := os.O_RDWR
	if isNew {
		if l.options.Existing {
			return nil, ErrNoStore
		}
		if l.options.AtLeast != (Pin{}) {
			return nil, corruptf("there is no store, and it should have commit %d", l.options.AtLeast.Sequence)
		}
		flag = openCreate
		if keys, err = seal.NewKeyset(ctx, l.options.Wrapper); err != nil {
			return nil, err
		}
	}
	if l.folder == nil {
		if folder, err = l.options.FS.Mount(true); err != nil {
			return nil, openError(err)
		}
		l.folder = withKillPoints(folder)
	}
	l.writer.head, err = l.folder.Open(nameHead, flag)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, corruptf("head is missing")
	}
	if err != nil {
		return nil, openError(err)
	}
	if err := l.folder.Lock(l.writer.head); err != nil {
		return nil, err
	}
	// Between opening and locking, another process may have put a new head in place.
	return keys, l.folder.Check(nameHead, l.writer.head)
}

// openError names a failed opening, unless the error says enough.
func openError(err error) error {
	if errors.Is(err, ErrExposed) {
		return err
	}
	return fmt.Errorf("txlog: open: %w", err)
}

// open loads the store, repairs it and begins to write. The lock is held.
func (l *Log) open(ctx context.Context, found *listing) error {
	// An earlier process may not have synced the folder: its names must not disappear
	// after new writes.
	if !found.has(nameLog) {
		return corruptf("%s is missing", nameLog)
	}
	for _, name := range []string{".", nameLog, nameDictionaries} {
		if name == nameDictionaries && !found.has(name) {
			continue
		}
		if err := l.folder.SyncDir(name); err != nil {
			return openError(err)
		}
	}
	h, err := l.load(ctx)
	if err != nil {
		return err
	}
	r, err := l.recover(ctx, h)
	if err != nil {
		return err
	}
	if err := l.checkAtLeast(); err != nil {
		return err
	}
	if err := l.repair(r); err != nil {
		return err
	}
	if err := l.tidy(found); err != nil {
		return err
	}
	if err := l.startWriting(r); err != nil {
		return err
	}
	if l.term == maxTerm {
		return fmt.Errorf("%w: no terms are left", ErrFull)
	}
	l.term++ // it begins with the first write
	l.keyOfCheckpoint()
	return nil
}

// load reads keyset, header, manifest, head and dictionaries, and opens the
// segments.
func (l *Log) load(ctx context.Context) (head, error) {
	if err := l.loadKeys(ctx); err != nil {
		return head{}, err
	}
	m, h, err := l.loadManifest()
	if err != nil {
		return head{}, err
	}
	l.manifest.Store(m)
	l.writer.nextName = m.nextName
	l.term = uint64(h.term)
	if err := l.openSegments(m); err != nil {
		return head{}, err
	}
	if err := l.loadSlots(m); err != nil {
		return head{}, err
	}
	return h, l.loadDictionaries(m)
}

// loadKeys reads header and keyset.
func (l *Log) loadKeys(ctx context.Context) error {
	header, err := readOwn(l.folder, nameHeader)
	if err != nil {
		return err
	}
	file, err := readOwn(l.folder, nameKeyset)
	if err != nil {
		return err
	}
	keys, err := seal.Unmarshal(ctx, file, l.options.Wrapper)
	if err != nil {
		return sealError(err)
	}
	if l.header, err = unmarshalHeader(header, keys); err != nil {
		return err
	}
	if l.hashKey, err = keys.HashKey(l.header.salt[:]); err != nil {
		return err
	}
	l.keys.Store(keys)
	return nil
}

// loadManifest reads head and manifest and compares them: the manifest may be one
// generation ahead, never behind.
func (l *Log) loadManifest() (*manifest, head, error) {
	keys := l.keys.Load()
	file, err := l.readHead()
	if err != nil {
		return nil, head{}, err
	}
	h, slot, err := unmarshalHeads(file, keys)
	if err != nil {
		return nil, head{}, err
	}
	if h.durability > SyncNone {
		return nil, head{}, Unsupported(fmt.Sprintf("head of durability %d", h.durability), formatVersion, formatVersion)
	}
	l.writer.slot = slot
	if file, err = readOwn(l.folder, nameManifest); err != nil {
		return nil, head{}, err
	}
	m, err := unmarshalManifest(file, keys)
	if err != nil {
		return nil, head{}, err
	}
	l.writer.tag = manifestTag(file)
	return m, h, h.checkManifest(m, l.writer.tag)
}

// checkManifest reports ErrCorrupt for a manifest that is neither the one that
// head names nor its successor.
func (h *head) checkManifest(m *manifest, tag seal.Tag) error {
	same := h.generation == m.generation && h.manifest == refTo(tag)
	ahead := h.generation+1 == m.generation && h.manifest == refTo(m.previous)
	if !same && !ahead {
		return corruptf("manifest is of generation %d, head names one of %d", m.generation, h.generation)
	}
	return nil
}

// readHead reads head, through the locked handle if there is one.
func (l *Log) readHead() ([]byte, error) {
	f := l.writer.head
	if f == nil {
		return readOwn(l.folder, nameHead)
	}
	size, err := f.Size()
	if err != nil {
		return nil, openError(err)
	}
	b := make([]byte, min(size, headFileSize+1))
	if err := readFull(f, b, 0); err != nil {
		return nil, err
	}
	return b, nil
}

// openSegments opens the segments of the manifest. A rewritten segment may still have
// its temporary name.
func (l *Log) openSegments(m *manifest) error {
	st := &state{}
	l.state.Store(st) // so that release closes what was opened
	for i, e := range m.segments {
		isOpen := i == len(m.segments)-1
		flag := os.O_RDONLY
		if isOpen && !l.options.ReadOnly {
			flag = os.O_RDWR
		}
		f, err := l.folder.Open(segmentName(e.name), flag)
		if errors.Is(err, fs.ErrNotExist) {
			f, err = l.folder.Open(segmentName(e.name)+tempSuffix, flag)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return corruptf("segment %d is missing", e.name)
		}
		if err != nil {
			return openError(err)
		}
		st.segments = append(st.segments, &segment{entry: e, file: f, open: isOpen})
		if isOpen {
			break
		}
		size, err := f.Size()
		if err != nil {
			return openError(err)
		}
		if size != e.size {
			return corruptf("segment %d has %d bytes, should have %d", e.name, size, e.size)
		}
	}
	return nil
}

// tidy finishes an interrupted change of segments: it gives rewritten segments their
// names, and removes files that the manifest does not list. A segment that the manifest
// cannot know means that the manifest is an old one.
func (l *Log) tidy(found *listing) error {
	m := l.manifest.Load()
	listed := map[string]bool{}
	for _, e := range m.segments {
		listed[segmentFile(e.name)] = true
	}
	there := map[string]bool{}
	for _, e := range found.segments {
		there[e.Name] = true
	}
	var remove []string
	renamed := false
	for _, e := range found.segments {
		file, isTemp := strings.CutSuffix(e.Name, tempSuffix)
		name, _ := parseSegmentFile(file)
		switch {
		case isTemp && listed[file] && !there[file]:
			if err := l.folder.Rename(path.Join(nameLog, e.Name), path.Join(nameLog, file)); err != nil {
				return openError(err)
			}
			renamed = true
		case listed[e.Name]:
		case isTemp, name < m.nextName, e.Size == 0:
			remove = append(remove, path.Join(nameLog, e.Name))
		default:
			return corruptf("segment %d is not in the manifest", name)
		}
	}
	if renamed {
		if err := l.folder.SyncDir(nameLog); err != nil {
			return openError(err)
		}
	}
	for _, e := range found.dictionaries {
		number, _ := parseDictionaryFile(e.Name)
		if !slices.ContainsFunc(m.dictionaries, func(d dictionaryEntry) bool { return d.number == number }) {
			remove = append(remove, path.Join(nameDictionaries, e.Name))
		}
	}
	for _, name := range []string{nameHeader + tempSuffix, nameKeyset + tempSuffix, nameManifest + tempSuffix, namePatients + tempSuffix, nameCheckpoint + tempSuffix, nameRestoring} {
		if found.has(name) {
			remove = append(remove, name)
		}
	}
	for _, name := range remove {
		if err := l.folder.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return openError(err)
		}
	}
	return nil
}

// checkAtLeast compares the store with the caller's pin.
func (l *Log) checkAtLeast() error {
	pin := l.options.AtLeast
	if pin != (Pin{}) && !l.holds(pin) {
		return corruptf("it is older than the pin of commit %d, or another", pin.Sequence)
	}
	return nil
}

// sealError gives errors of package seal the class they have here.
func sealError(err error) error {
	switch {
	case errors.Is(err, seal.ErrCorrupt), errors.Is(err, seal.ErrUnknownKey):
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}
