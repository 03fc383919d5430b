package txlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sort"
	"sync"
	"unsafe"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Values appends the plaintext values of an item to dst and returns the extended slice.
// It allocates only if dst lacks room; a closed segment needs seal.Overhead bytes more
// than the plaintext.
//
// It is safe for many goroutines, and waits for no Append. It reports
// ErrNotFound, ErrCorrupt, ErrClosed, or the file system's error; dst is then
// returned as it was.
func (l *Log) Values(n Number, dst []byte) ([]byte, error) { return l.part(n, seal.Values, dst) }

// Body appends the plaintext body of an item to dst. It is safe, and reports errors, as
// Values does.
func (l *Log) Body(n Number, dst []byte) ([]byte, error) { return l.part(n, seal.Body, dst) }

// find returns the table of the segment that may hold a number, and the index
// of the record. The keyset has all keys of the segment.
func (l *Log) find(n Number) (*seal.Keyset, *segment, *table, int, error) {
	if l.closed.Load() {
		return nil, nil, nil, 0, ErrClosed
	}
	st := l.state.Load()
	if n >= st.last.Next {
		return nil, nil, nil, 0, ErrNotFound
	}
	at := sort.Search(len(st.segments), func(i int) bool { return st.segments[i].entry.firstNumber > n }) - 1
	if at < 0 {
		return nil, nil, nil, 0, ErrNotFound
	}
	s := st.segments[at]
	t, err := s.load(st.keys)
	if err != nil {
		return nil, nil, nil, 0, err
	}
	i, ok := t.find(n)
	if !ok {
		return nil, nil, nil, 0, ErrNotFound
	}
	return st.keys, s, t, i, nil
}

// entryBuffers keeps room for two table entries, which would otherwise be
// allocated for every read of a file.
var entryBuffers = sync.Pool{New: func() any { return new([2 * entrySize]byte) }}

func (l *Log) part(n Number, kind seal.PartKind, dst []byte) ([]byte, error) {
	keys, s, t, at, err := l.find(n)
	if err != nil {
		return dst, err
	}
	p := &t.records[at]
	item, keyID, ok := p.find(n)
	if !ok {
		return dst, ErrNotFound
	}
	id := seal.PartID{Lineage: l.header.lineage, Number: uint64(n), Kind: kind}
	if t.strings != nil {
		return l.openPart(keys, keyID, stringBytes(t.strings[at]), p.place, item, id, dst)
	}

	buffer := entryBuffers.Get().(*[2 * entrySize]byte)
	defer entryBuffers.Put(buffer)
	start, end := p.entryRange(item)
	entries := buffer[:end-start]
	if err := readFull(s.file, entries, int64(p.offset)+int64(start)); err != nil {
		return dst, err
	}
	r := p.locate(entries, kind)
	if !r.valid(p.place, int(p.size)) {
		return dst, corruptf("item %d is out of its record's bounds", n)
	}
	id.Slot = r.slot
	key, err := l.partKey(keys, keyID, r.slot)
	if err != nil {
		return dst, err
	}
	old, size := len(dst), int(r.end-r.start)
	dst = slices.Grow(dst, size)
	sealed := dst[old : old+size]
	if err := readFull(s.file, sealed, int64(p.offset)+int64(r.start)); err != nil {
		return dst, err
	}
	out, err := key.OpenPart(dst, sealed, id)
	if err != nil {
		return dst, sealError(err)
	}
	return out, nil
}

// openPart opens a part of a record in memory.
func (l *Log) openPart(keys *seal.Keyset, keyID seal.KeyID, record []byte, p place, item int, id seal.PartID, dst []byte) ([]byte, error) {
	start, end := p.entryRange(item)
	r := p.locate(record[start:end], id.Kind)
	if !r.valid(p, len(record)) {
		return dst, corruptf("item %d is out of its record's bounds", id.Number)
	}
	id.Slot = r.slot
	key, err := l.partKey(keys, keyID, r.slot)
	if err != nil {
		return dst, err
	}
	out, err := key.OpenPart(dst, record[r.start:r.end], id)
	if err != nil {
		return dst, sealError(err)
	}
	return out, nil
}

func readFull(f File, b []byte, offset int64) error {
	n, err := f.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		return corruptf("segment is cut short")
	}
	return readError(err)
}

// readError names a failed read. A file is closed only by Close.
func readError(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return ErrClosed
	}
	return fmt.Errorf("txlog: read: %w", err)
}

// stringBytes returns the bytes of a string without a copy. They must not be
// written to.
func stringBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// SlotOf returns the key slot of an item. It reports what Values reports.
func (l *Log) SlotOf(n Number) (uint32, error) {
	_, s, t, at, err := l.find(n)
	if err != nil {
		return 0, err
	}
	p := &t.records[at]
	item, _, ok := p.find(n)
	if !ok {
		return 0, ErrNotFound
	}
	start, end := p.entryRange(item)
	if t.strings != nil {
		return p.locate(stringBytes(t.strings[at])[start:end], seal.Values).slot, nil
	}
	buffer := entryBuffers.Get().(*[2 * entrySize]byte)
	defer entryBuffers.Put(buffer)
	entries := buffer[:end-start]
	if err := readFull(s.file, entries, int64(p.offset)+int64(start)); err != nil {
		return 0, err
	}
	return p.locate(entries, seal.Values).slot, nil
}
