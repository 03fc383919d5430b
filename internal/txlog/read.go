package txlog

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"sort"
	"sync"
	"unsafe"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Values appends the plaintext values of an item to dst and returns the extended
// slice. It allocates only where dst lacks room: for a closed segment,
// seal.Overhead bytes more than the plaintext are wanted.
//
// It is safe for many goroutines, and waits for no Append. It reports
// ErrNotFound, ErrCorrupt, ErrClosed, or the file system's error; dst is then
// returned as it was.
func (l *Log) Values(o Ordinal, dst []byte) ([]byte, error) { return l.part(o, seal.Values, dst) }

// Body appends the plaintext body of an item to dst; otherwise it is as Values.
func (l *Log) Body(o Ordinal, dst []byte) ([]byte, error) { return l.part(o, seal.Body, dst) }

// Locate returns the header of the record that holds an ordinal; ok is false
// where the log has no such ordinal, or its segment cannot be read.
func (l *Log) Locate(o Ordinal) (h Header, ok bool) {
	s, t, i, err := l.find(o)
	if err != nil {
		return Header{}, false
	}
	return s.header(t, i), true
}

// find returns the segment, its table, and the index of the record.
func (l *Log) find(o Ordinal) (*segment, *table, int, error) {
	if l.closed.Load() {
		return nil, nil, 0, ErrClosed
	}
	st := l.state.Load()
	if o >= st.next {
		return nil, nil, 0, ErrNotFound
	}
	n := sort.Search(len(st.segments), func(i int) bool { return st.segments[i].ordinal > o }) - 1
	s := st.segments[n]
	t, err := s.load(l)
	if err != nil {
		return nil, nil, 0, err
	}
	i, ok := t.find(o)
	if !ok {
		return nil, nil, 0, ErrNotFound
	}
	return s, t, i, nil
}

// entryBuffers keeps room for two table entries, which would otherwise be
// allocated for every read of a file.
var entryBuffers = sync.Pool{New: func() any { return new([2 * entrySize]byte) }}

func (l *Log) part(o Ordinal, kind seal.PartKind, dst []byte) ([]byte, error) {
	s, t, n, err := l.find(o)
	if err != nil {
		return dst, err
	}
	p := &t.records[n]
	i := int(o - p.first)
	key, err := l.keys.Load().Key(p.key)
	if err != nil {
		return dst, sealError(err)
	}
	id := seal.PartID{Store: l.header.store, Sequence: s.first + uint64(n), Index: uint32(i), Count: p.items, Kind: kind}
	if t.strings != nil {
		return openPart(key, stringBytes(t.strings[n]), p.valuesSize, id, dst)
	}

	buffer := entryBuffers.Get().(*[2 * entrySize]byte)
	defer entryBuffers.Put(buffer)
	start, end := entryRange(i)
	entries := buffer[:end-start]
	if err := readFull(s.file, entries, int64(p.offset)+int64(start)); err != nil {
		return dst, err
	}
	r := locatePart(entries, int(p.items), p.valuesSize, kind)
	if !r.valid(int(p.size)) {
		return dst, corruptf("record %d: item %d is out of bounds", id.Sequence, i)
	}
	id.Slot = r.slot
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
func openPart(key *seal.Key, record []byte, valuesSize uint32, id seal.PartID, dst []byte) ([]byte, error) {
	start, end := entryRange(int(id.Index))
	r := locatePart(record[start:end], int(id.Count), valuesSize, id.Kind)
	if !r.valid(len(record)) {
		return dst, corruptf("record %d: item %d is out of bounds", id.Sequence, id.Index)
	}
	id.Slot = r.slot
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

// stringBytes returns the bytes of a string without a copy. They must not be
// written to.
func stringBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// A Record is a verified record of the log. It stays valid after the iteration
// step that gave it, and keeps up to some megabytes of its neighbours in memory
// as long as it is kept. It is safe for use by many goroutines.
type Record struct {
	Header
	log        *Log
	key        *seal.Key
	valuesSize uint32
	sealed     []byte
}

// Values appends the plaintext values of item i to dst, as [Log.Values] does.
func (r *Record) Values(i int, dst []byte) ([]byte, error) { return r.part(i, seal.Values, dst) }

// Body appends the plaintext body of item i to dst, as [Log.Body] does.
func (r *Record) Body(i int, dst []byte) ([]byte, error) { return r.part(i, seal.Body, dst) }

func (r *Record) part(i int, kind seal.PartKind, dst []byte) ([]byte, error) {
	if i < 0 || i >= r.Items {
		return dst, ErrNotFound
	}
	id := seal.PartID{Store: r.log.header.store, Sequence: r.Sequence, Index: uint32(i), Count: uint32(r.Items), Kind: kind}
	return openPart(r.key, r.sealed, r.valuesSize, id, dst)
}

// Size returns the bytes that the record has in the log.
func (r *Record) Size() int { return len(r.sealed) }

// Records returns the records from a sequence on, up to the last that was
// durable when the iteration began, in order. Each has been verified: its tag,
// its place in the chain of tags, and against the manifest where a closed
// segment ends. A caller who tails the log asks again from the next sequence.
//
// An error ends the iteration: ErrCorrupt, ErrClosed, the context's, or the
// file system's. The sequence may be used more than once.
func (l *Log) Records(ctx context.Context, from uint64) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		st := l.state.Load()
		first := max(from, 1)
		n := sort.Search(len(st.segments), func(i int) bool { return st.segments[i].first > first }) - 1
		for _, s := range st.segments[n:] {
			r := reading{ctx: ctx, log: l, segment: s, from: first, last: st.sequence, yield: yield}
			err := r.run()
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// errStopped says that the consumer of an iteration wants no more.
var errStopped = errors.New("txlog: iteration stopped")

// A reading is one iteration over one segment.
type reading struct {
	ctx        context.Context
	log        *Log
	segment    *segment
	from, last uint64 // sequences wanted
	yield      func(*Record, error) bool
}

func (r *reading) run() error {
	if r.from > r.last {
		return nil
	}
	t := r.segment.table.Load()
	switch {
	case t == nil:
		return r.first()
	case t.strings != nil:
		return r.memory(t)
	default:
		return r.again(t)
	}
}

// memory yields records of an open segment, verified when it was opened, or
// written since.
func (r *reading) memory(t *table) error {
	for i := int(max(r.from, r.segment.first) - r.segment.first); i < len(t.records); i++ {
		h := r.segment.header(t, i)
		if h.Sequence > r.last {
			return nil
		}
		if err := r.check(); err != nil {
			return err
		}
		if err := r.give(h, t.records[i].key, t.records[i].valuesSize, stringBytes(t.strings[i])); err != nil {
			return err
		}
	}
	return nil
}

// first reads a closed segment from its start and leaves its table behind, so
// that opening a store reads each file once.
func (r *reading) first() error {
	var records []position
	c := r.segment.chain(r.log)
	err := r.walk(c, &scanner{file: r.segment.file, size: r.segment.closed.size},
		func(info recordInfo, f frame, offset int64) {
			records = append(records, newPosition(info, offset, len(f.value)))
		})
	if err != nil {
		return err
	}
	_, err = r.segment.publish(c, records)
	return err
}

// again reads a closed segment whose table is known, from the first record that
// is wanted.
func (r *reading) again(t *table) error {
	i := int(max(r.from, r.segment.first) - r.segment.first)
	if i >= len(t.records) {
		return nil
	}
	start := int64(0)
	c := r.segment.chain(r.log)
	if i > 0 {
		start = t.records[i-1].end()
		c.sequence, c.next, c.unlinked = c.sequence+uint64(i), t.records[i].first, true
	}
	s := &scanner{file: r.segment.file, offset: start, size: t.records[len(t.records)-1].end()}
	return r.walk(c, s, func(recordInfo, frame, int64) {})
}

// walk yields the records that the scanner reads.
func (r *reading) walk(c *chain, s *scanner, note func(info recordInfo, f frame, offset int64)) error {
	var stopped error
	err := c.walk(r.ctx, s, func(info recordInfo, f frame, offset int64) bool {
		if info.Sequence > r.last {
			return false
		}
		note(info, f, offset)
		if info.Sequence < r.from {
			return true
		}
		if stopped = r.check(); stopped == nil {
			stopped = r.give(info.Header, info.key, info.valuesSize, f.value)
		}
		return stopped == nil
	})
	return errors.Join(stopped, err)
}

func (r *reading) check() error {
	if r.log.closed.Load() {
		return ErrClosed
	}
	return r.ctx.Err()
}

func (r *reading) give(h Header, id seal.KeyID, valuesSize uint32, sealed []byte) error {
	key, err := r.log.keys.Load().Key(id)
	if err != nil {
		return sealError(err)
	}
	if !r.yield(&Record{Header: h, log: r.log, key: key, valuesSize: valuesSize, sealed: sealed}, nil) {
		return errStopped
	}
	return nil
}

// Holds reports whether the log has the record that a pin names. A store that
// was replaced by an older copy of itself does not hold a newer pin.
func (l *Log) Holds(ctx context.Context, pin Pin) (bool, error) {
	if pin.Sequence == 0 {
		return pin.Tag == l.header.store, nil
	}
	for r, err := range l.Records(ctx, pin.Sequence) {
		if err != nil {
			return false, err
		}
		return recordTag(r.sealed) == pin.Tag, nil
	}
	return false, nil
}
