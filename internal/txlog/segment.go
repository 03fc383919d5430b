package txlog

import (
	"context"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A segment is one file of the log. Its fields do not change but for table.
type segment struct {
	first    uint64  // first sequence
	ordinal  Ordinal // first ordinal
	previous seal.Tag
	file     File

	// closed is what the manifest said of the segment when the store was
	// opened; the zero value for one that was open, or made, since.
	closed segmentEntry

	// table is nil until a closed segment is first read. The writer replaces
	// it with a longer one while the segment is open, and with one that has no
	// strings when it closes.
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

// A position is what is known of a record without reading it: 32 bytes.
type position struct {
	time       int64
	first      Ordinal
	items      uint32
	offset     uint32 // in the file, of the record
	size       uint32
	valuesSize uint32
	key        seal.KeyID
}

func newPosition(info recordInfo, offset int64, size int) position {
	return position{
		time:       info.Time,
		first:      info.First,
		items:      uint32(info.Items),
		offset:     uint32(offset),
		size:       uint32(size),
		valuesSize: info.valuesSize,
		key:        info.key,
	}
}

// end returns where in the file the frame of the record ends.
func (p position) end() int64 { return int64(p.offset) + int64(p.size) + int64(len(frameEnd)) }

// find returns the index of the record that holds an ordinal.
func (t *table) find(o Ordinal) (int, bool) {
	i := sort.Search(len(t.records), func(i int) bool { return t.records[i].first > o }) - 1
	if i < 0 || o-t.records[i].first >= t.records[i].items {
		return 0, false
	}
	return i, true
}

// header returns the header of record i.
func (s *segment) header(t *table, i int) Header {
	p := &t.records[i]
	return Header{Sequence: s.first + uint64(i), First: p.first, Time: p.time, Items: int(p.items)}
}

// load returns the segment's table, reading and verifying the whole file where
// there is none yet. It reports ErrCorrupt for a file that is not what the
// manifest says.
func (s *segment) load(l *Log) (*table, error) {
	if t := s.table.Load(); t != nil {
		return t, nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	if t := s.table.Load(); t != nil {
		return t, nil
	}
	var records []position
	c := s.chain(l)
	err := c.walk(context.Background(), &scanner{file: s.file, size: s.closed.size},
		func(info recordInfo, f frame, offset int64) bool {
			records = append(records, newPosition(info, offset, len(f.value)))
			return true
		})
	if err != nil {
		return nil, err
	}
	return s.publish(c, records)
}

// publish sets the table of a closed segment that was read to its end.
func (s *segment) publish(c *chain, records []position) (*table, error) {
	if len(records) != int(s.closed.records) || c.next != s.closed.next || c.previous != s.closed.last {
		return nil, corruptf("segment %d does not end as the manifest says", s.first)
	}
	t := &table{records: slices.Clip(records)}
	s.table.CompareAndSwap(nil, t)
	return t, nil
}

// chain returns the chain at the start of the segment.
func (s *segment) chain(l *Log) *chain {
	return &chain{keys: l.keys.Load(), sequence: s.first, next: s.ordinal, previous: s.previous}
}
