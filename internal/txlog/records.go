package txlog

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"sort"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A Record is a verified record of the log. It stays valid after the iteration step
// that gave it. As long as it is kept, it holds up to some megabytes of neighbouring
// records in memory. It is safe for use by many goroutines.
type Record struct {
	Term uint64   // of its writer
	ID   [16]byte // as the batch had it; zero for one that Rewrite made of several

	log    *Log
	keys   *seal.Keyset
	info   *recordInfo
	place  place
	sealed []byte
}

// Runs returns the commits in the record, or what is left of them. Their counts
// add up to Len.
func (r *Record) Runs() []Run {
	runs := make([]Run, len(r.info.runs))
	for i := range runs {
		runs[i] = r.info.runs[i].Run
	}
	return runs
}

// Len returns the number of items.
func (r *Record) Len() int { return int(r.info.items) }

// Number returns the number of item i. It panics if there is no such item.
func (r *Record) Number(i int) Number {
	r.mustHave(i)
	return r.info.number(i)
}

// Kind returns the kind of item i. It panics if there is no such item.
func (r *Record) Kind(i int) Kind {
	r.mustHave(i)
	start, end := r.place.entryRange(i)
	return r.place.locate(r.sealed[start:end], seal.Values).kind
}

// Slot returns the key slot of item i, 0 for the store's own keys. It panics where there
// is no such item.
func (r *Record) Slot(i int) uint32 {
	r.mustHave(i)
	start, end := r.place.entryRange(i)
	return r.place.locate(r.sealed[start:end], seal.Values).slot
}

func (r *Record) mustHave(i int) {
	if i < 0 || i >= r.Len() {
		panic("txlog: record has no such item")
	}
}

// Values appends the plaintext values of item i to dst, as [Log.Values] does.
func (r *Record) Values(i int, dst []byte) ([]byte, error) { return r.part(i, seal.Values, dst) }

// Body appends the plaintext body of item i to dst, as [Log.Body] does.
func (r *Record) Body(i int, dst []byte) ([]byte, error) { return r.part(i, seal.Body, dst) }

func (r *Record) part(i int, kind seal.PartKind, dst []byte) ([]byte, error) {
	if i < 0 || i >= r.Len() {
		return dst, ErrNotFound
	}
	id := seal.PartID{Lineage: r.log.header.lineage, Number: uint64(r.info.number(i)), Kind: kind}
	return r.log.openPart(r.keys, r.info.keyOf(i), r.sealed, r.place, i, id, dst)
}

// Annotation appends the annotation of a run's commit, or nothing if the commit has
// none. It reports ErrNotFound for a run that is not in the record, otherwise what
// Values reports.
func (r *Record) Annotation(run int, dst []byte) ([]byte, error) {
	if run < 0 || run >= len(r.info.runs) {
		return dst, ErrNotFound
	}
	start, end, id := r.info.annotation(run)
	if start == end {
		return dst, nil
	}
	key, err := r.keys.Key(id)
	if err != nil {
		return dst, sealError(err)
	}
	part := seal.PartID{Lineage: r.log.header.lineage, Number: r.info.runs[run].Sequence, Kind: seal.Annotation}
	out, err := key.OpenPart(dst, r.sealed[start:end], part)
	if err != nil {
		return dst, sealError(err)
	}
	return out, nil
}

// Size returns the size of the record in the log, in bytes.
func (r *Record) Size() int { return len(r.sealed) }

// Records returns the records that have commits from a sequence on, up to the last that
// was durable when the iteration began, in order. The first may have earlier commits as
// well. Each record has been verified by its tag and its place in the segment, and each
// closed segment against the manifest. A caller who tails the log asks again from the
// next sequence.
//
// An error ends the iteration: ErrCorrupt, ErrClosed, the context's, or the
// file system's. The sequence may be used more than once.
func (l *Log) Records(ctx context.Context, from uint64) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		st := l.state.Load()
		n := sort.Search(len(st.segments), func(i int) bool { return st.segments[i].entry.firstSequence > from }) - 1
		for _, s := range st.segments[max(n, 0):] {
			r := reading{ctx: ctx, log: l, keys: st.keys, segment: s, from: from, last: st.last.Sequence, yield: yield}
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

// errStopped says that the consumer of an iteration has stopped it.
var errStopped = errors.New("txlog: iteration stopped")

// A reading is one iteration over one segment.
type reading struct {
	ctx        context.Context
	log        *Log
	keys       *seal.Keyset
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

// memory yields records of an open segment. They were verified at opening, or written
// since.
func (r *reading) memory(t *table) error {
	for i := t.from(r.from); i < len(t.records); i++ {
		sealed := stringBytes(t.strings[i])
		info, ok := decodeRecord(sealed)
		if !ok {
			return corruptf("record in memory does not decode")
		}
		if info.firstRun().Sequence > r.last {
			return nil
		}
		if err := r.check(); err != nil {
			return err
		}
		if err := r.give(&info, sealed); err != nil {
			return err
		}
	}
	return nil
}

// first reads a closed segment from its start and leaves its table behind, so
// that opening a store reads each file once.
func (r *reading) first() error {
	b := newSummary(r.segment.entry)
	c := r.segment.chain(r.keys)
	err := r.walk(c, &scanner{file: r.segment.file, size: r.segment.entry.size},
		func(info *recordInfo, f frame, offset int64) { b.add(info, offset, len(f.value)) })
	if err != nil {
		return err
	}
	_, err = r.segment.publish(c, b)
	return err
}

// again reads a closed segment whose table is known, from the first record that
// is wanted.
func (r *reading) again(t *table) error {
	i := t.from(r.from)
	start := int64(0)
	c := r.segment.chain(r.keys)
	if i > 0 {
		start = t.records[i-1].end()
		c.unlinked = true
	}
	s := &scanner{file: r.segment.file, offset: start, size: r.segment.entry.size}
	return r.walk(c, s, func(*recordInfo, frame, int64) {})
}

// walk yields the records that the scanner reads.
func (r *reading) walk(c *chain, s *scanner, note func(info *recordInfo, f frame, offset int64)) error {
	var stopped error
	err := c.walk(r.ctx, s, func(info *recordInfo, f frame, offset int64) bool {
		note(info, f, offset)
		if stopped = r.check(); stopped == nil {
			stopped = r.give(info, f.value)
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

func (r *reading) give(info *recordInfo, sealed []byte) error {
	if info.lastRun().Sequence < r.from {
		return nil
	}
	record := &Record{Term: info.term, ID: info.id, log: r.log, keys: r.keys, info: info, place: info.place(), sealed: sealed}
	if !r.yield(record, nil) {
		return errStopped
	}
	return nil
}

// Find looks for the record with an id among the recent ones: in the open segment, and
// in the closed one before. It returns the sequence of the record's first commit. A
// writer that got ErrOutcomeUnknown, or no answer, learns in this way whether the
// record is there.
func (l *Log) Find(ctx context.Context, id [16]byte) (sequence uint64, ok bool, err error) {
	if l.closed.Load() {
		return 0, false, ErrClosed
	}
	st := l.state.Load()
	recent := st.segments[max(len(st.segments)-2, 0):]
	for i := len(recent) - 1; i >= 0; i-- {
		if sequence, ok, err = l.findIn(ctx, st, recent[i], id); ok || err != nil {
			return sequence, ok, err
		}
	}
	return 0, false, nil
}

func (l *Log) findIn(ctx context.Context, st *state, s *segment, id [16]byte) (uint64, bool, error) {
	t, err := s.load(st.keys)
	if err != nil {
		return 0, false, err
	}
	var head [recordHeadSize]byte
	for i := len(t.records) - 1; i >= 0; i-- {
		p := &t.records[i]
		if p.sequence > st.last.Sequence {
			continue
		}
		if t.strings != nil {
			copy(head[:], t.strings[i])
		} else if err := readFull(s.file, head[:], int64(p.offset)); err != nil {
			return 0, false, err
		}
		if [16]byte(head[offID:offID+16]) == id && binary.LittleEndian.Uint32(head[offItems:]) == p.items {
			return p.sequence, true, nil
		}
		if err := ctx.Err(); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}
