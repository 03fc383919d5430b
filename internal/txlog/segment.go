package txlog

import (
	"context"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A segment is one file of the log. Only its table changes. The file of a rewritten
// segment is closed by the garbage collector, when no reader has the segment any more.
type segment struct {
	entry segmentEntry // as in the manifest; of the open segment, its beginning
	file  File
	open  bool

	// table is nil until a closed segment is first read. The writer replaces
	// it with a longer one while the segment is open.
	table   atomic.Pointer[table]
	loading sync.Mutex // held to set table from the file
}

// A table says where the records of a segment are. Tables share their slices
// and only ever append to them, so a reader needs no lock.
type table struct {
	records []position

	// strings are the records of an open segment; nil for a closed one, which
	// is read from its file.
	strings []string
}

// A position has the fields of a record that a table keeps in memory.
type position struct {
	sequence uint64 // of the first run
	first    Number // of the first item
	key      seal.KeyID
	offset   uint32 // in the file, of the record
	size     uint32
	items    uint32
	place

	// info is the record's whole head. It is nil for a record of one run and one span.
	info *recordInfo
}

func newPosition(info *recordInfo, offset int64, size int) position {
	p := position{
		sequence: info.firstRun().Sequence,
		first:    info.firstRun().First,
		key:      info.spans[0].key,
		offset:   uint32(offset),
		size:     uint32(size),
		items:    info.items,
		place:    info.place(),
	}
	if len(info.runs) > 1 || len(info.spans) > 1 {
		p.info = info
	}
	return p
}

// end returns where in the file the frame of the record ends.
func (p *position) end() int64 { return int64(p.offset) + int64(p.size) + int64(len(frameEnd)) }

// find returns the index of the item with a number, and its data key.
func (p *position) find(n Number) (item int, key seal.KeyID, ok bool) {
	if p.info == nil {
		return int(n - p.first), p.key, n-p.first < Number(p.items)
	}
	if item, ok = p.info.itemOf(n); !ok {
		return 0, 0, false
	}
	return item, p.info.keyOf(item), true
}

// find returns the record that may hold a number.
func (t *table) find(n Number) (int, bool) {
	i := sort.Search(len(t.records), func(i int) bool { return t.records[i].first > n }) - 1
	return i, i >= 0
}

// from returns the index of the first record that may hold a sequence or a
// later one.
func (t *table) from(sequence uint64) int {
	i := sort.Search(len(t.records), func(i int) bool { return t.records[i].sequence > sequence })
	return max(i-1, 0)
}

// load returns the segment's table; if there is none yet, it reads and verifies the
// whole file. It reports ErrCorrupt for a file that is not what the manifest says.
func (s *segment) load(keys *seal.Keyset) (*table, error) {
	if t := s.table.Load(); t != nil {
		return t, nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	if t := s.table.Load(); t != nil {
		return t, nil
	}
	b := newSummary(s.entry)
	c := s.chain(keys)
	err := c.walk(context.Background(), &scanner{file: s.file, size: s.entry.size},
		func(info *recordInfo, f frame, offset int64) bool {
			b.add(info, offset, len(f.value))
			return true
		})
	if err != nil {
		return nil, err
	}
	return s.publish(c, b)
}

// publish sets the table of a closed segment that was read to its end.
func (s *segment) publish(c *chain, b *summary) (*table, error) {
	e := &s.entry
	if b.entry.records != e.records || b.entry.items != e.items || c.sequence != e.lastSequence ||
		c.number != e.lastNumber || c.previous != e.last {
		return nil, corruptf("segment %d does not end as the manifest says", e.name)
	}
	t := &table{records: slices.Clip(b.records)}
	s.table.CompareAndSwap(nil, t)
	return t, nil
}

// chain returns the chain at the start of the segment.
func (s *segment) chain(keys *seal.Keyset) *chain {
	return &chain{keys: keys, name: s.entry.name, sequence: s.entry.firstSequence - 1,
		number: s.entry.firstNumber - 1, time: s.entry.before, previous: s.entry.id}
}

// A summary gathers a segment's entry in the manifest, and its table.
type summary struct {
	entry   segmentEntry
	records []position
}

func newSummary(e segmentEntry) *summary { return &summary{entry: e.opened()} }

// add counts a record that is in the file.
func (b *summary) add(info *recordInfo, offset int64, size int) {
	p := newPosition(info, offset, size)
	b.records = append(b.records, p)
	b.entry.count(info, p.end())
}

// count adds a record to the entry of a segment, which then ends at end.
func (e *segmentEntry) count(info *recordInfo, end int64) {
	if e.records == 0 {
		e.from = info.firstRun().Time
	}
	e.records++
	e.items += info.items
	e.lastSequence, e.lastNumber = info.lastRun().Sequence, info.lastNumber()
	e.to = info.lastRun().Time
	e.size = end
	e.need(info.key)
	for _, s := range info.spans {
		e.need(s.key)
	}
	for _, r := range info.runs {
		if r.noteKey != 0 {
			e.need(r.noteKey)
		}
	}
}

// need adds a data key to the segment's keys. The slice is shared with earlier copies
// of the entry, so it is only appended to.
func (e *segmentEntry) need(key seal.KeyID) {
	if !slices.Contains(e.keys, key) {
		e.keys = append(e.keys, key)
	}
}

// A Segment describes one file of the log.
type Segment struct {
	Name                        uint64
	Records, Items              int
	Bytes                       int64
	FirstSequence, LastSequence uint64 // LastSequence is 0 where there are no records
	FirstNumber, LastNumber     Number // likewise
	From, To                    time.Time
	Closed                      bool
	Retired                     bool // it needs a data key that a rotation replaces
}

func (e *segmentEntry) describe(closed bool) Segment {
	s := Segment{
		Name: e.name, Records: int(e.records), Items: int(e.items), Bytes: e.size,
		FirstSequence: e.firstSequence, LastSequence: e.lastSequence,
		FirstNumber: e.firstNumber, LastNumber: e.lastNumber, Closed: closed,
	}
	if e.records > 0 {
		s.From, s.To = time.UnixMicro(e.from).UTC(), time.UnixMicro(e.to).UTC()
	}
	return s
}

// Segments describes the segments in order. The last one is open.
func (l *Log) Segments() []Segment {
	st := l.state.Load()
	out := make([]Segment, len(st.segments))
	for i, s := range st.segments {
		e := &s.entry
		if s.open {
			e = &st.open
		}
		out[i] = e.describe(!s.open)
		out[i].Retired = e.retired(st.keys)
	}
	return out
}

// Unread describes the closed segments that nothing has read since the log was opened.
func (l *Log) Unread() (unread []Segment) {
	st := l.state.Load()
	for _, s := range st.segments[:len(st.segments)-1] {
		if s.table.Load() == nil {
			unread = append(unread, s.entry.describe(true))
		}
	}
	return unread
}

// ReadSegment reads and verifies a closed segment, unless that was done. Of a segment that
// was replaced meanwhile it reads nothing. It reports ErrCorrupt, ErrClosed, or the file
// system's error.
func (l *Log) ReadSegment(ctx context.Context, name uint64) error {
	if l.closed.Load() {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, s := range l.state.Load().segments {
		if s.entry.name == name && !s.open {
			_, err := s.load(l.keys.Load())
			return err
		}
	}
	return nil
}
