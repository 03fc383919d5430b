package txlog

import (
	"encoding/binary"
	"math"
	"sort"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A Number names an item. The log gives it once, from 1, rising; the item keeps it
// wherever it moves.
type Number uint64

// A Kind says what an item is.
type Kind uint8

// Kinds of item.
const (
	Version Kind = 0 // a resource version
	State   Kind = 1 // named state: Values is the name, Body the value
)

// An Item is what a commit consists of: plaintext parts, which the log reads
// during Append and does not keep.
type Item struct {
	Kind   Kind
	Slot   uint32 // key slot: 0, the store's data keys; others are patients' ([Log.Slot])
	Values []byte
	Body   []byte
}

// A Run is one commit in a record, or what is left of one. Numbers in a run are
// dense. A commit has several runs where Rewrite left out items in between.
type Run struct {
	Sequence uint64 // of the commit, from 1
	Time     int64  // microseconds since the Unix epoch, UTC
	First    Number // of the run's first item
	Count    int
}

// Layout of a sealed record: head, runs, spans, table, annotations, values of
// all items, bodies of all items, trailer. All little endian.
const (
	recordVersion = 2

	offVersion     = 0  // uint8
	offRecordKind  = 1  // uint8: 0, items
	offReserved    = 2  // uint16: 0
	offItems       = 4  // uint32
	offTerm        = 8  // uint64
	offID          = 16 // 16 bytes
	offKey         = 32 // uint64: data key of the tag
	offPrevious    = 40 // tag of the record before; the segment's id for the first
	offRuns        = 56 // uint32: number of runs
	offSpans       = 60 // uint32: number of key spans
	offAnnotations = 64 // uint32: bytes of all annotations
	offValuesSize  = 68 // uint32: bytes of all values parts
	offDataSize    = 72 // uint32: bytes of all values and bodies
	offReserved2   = 76 // uint32: 0
	recordHeadSize = 80

	runSize     = 40 // sequence, time, first number, count, end of annotation, its key
	spanSize    = 12 // items until, data key
	entrySize   = 12 // slot and kind, end of values, end of body
	trailerSize = seal.NonceSize + seal.TagSize

	// The first 4 bytes of an entry: kind in the upper 4 bits.
	kindShift = 28
	maxSlot   = 1<<kindShift - 1
)

// A recordRun is a run as a record has it.
type recordRun struct {
	Run
	item    int        // index of its first item
	noteEnd uint32     // of the annotation among the annotations
	noteKey seal.KeyID // that seals it; 0 for none
}

// A span says that the items from the end of the span before until end are sealed by
// one data key.
type span struct {
	end uint32
	key seal.KeyID
}

// A recordInfo is a record's head, decoded.
type recordInfo struct {
	term     uint64
	id       [16]byte
	key      seal.KeyID // of the tag
	previous seal.Tag
	items    uint32
	runs     []recordRun
	spans    []span

	annotations, valuesSize, dataSize uint32
}

// entries returns where the table begins, from the record's start.
func (r *recordInfo) entries() uint32 {
	return recordHeadSize + uint32(len(r.runs))*runSize + uint32(len(r.spans))*spanSize
}

// base returns where the values begin, from the record's start.
func (r *recordInfo) base() uint32 { return r.entries() + r.items*entrySize + r.annotations }

// size returns the length of the record.
func (r *recordInfo) size() int { return int(r.base()) + int(r.dataSize) + trailerSize }

func (r *recordInfo) firstRun() *recordRun { return &r.runs[0] }
func (r *recordInfo) lastRun() *recordRun  { return &r.runs[len(r.runs)-1] }

// lastNumber returns the number of the last item.
func (r *recordInfo) lastNumber() Number {
	last := r.lastRun()
	return last.First + Number(last.Count) - 1
}

// encode writes head, runs and spans to the start of a record.
func (r *recordInfo) encode(b []byte) {
	b[offVersion], b[offRecordKind] = recordVersion, 0
	binary.LittleEndian.PutUint32(b[offItems:], r.items)
	binary.LittleEndian.PutUint64(b[offTerm:], r.term)
	copy(b[offID:], r.id[:])
	binary.LittleEndian.PutUint64(b[offKey:], uint64(r.key))
	copy(b[offPrevious:], r.previous[:])
	binary.LittleEndian.PutUint32(b[offRuns:], uint32(len(r.runs)))
	binary.LittleEndian.PutUint32(b[offSpans:], uint32(len(r.spans)))
	binary.LittleEndian.PutUint32(b[offAnnotations:], r.annotations)
	binary.LittleEndian.PutUint32(b[offValuesSize:], r.valuesSize)
	binary.LittleEndian.PutUint32(b[offDataSize:], r.dataSize)
	b = b[recordHeadSize:]
	for _, run := range r.runs {
		binary.LittleEndian.PutUint64(b, run.Sequence)
		binary.LittleEndian.PutUint64(b[8:], uint64(run.Time))
		binary.LittleEndian.PutUint64(b[16:], uint64(run.First))
		binary.LittleEndian.PutUint32(b[24:], uint32(run.Count))
		binary.LittleEndian.PutUint32(b[28:], run.noteEnd)
		binary.LittleEndian.PutUint64(b[32:], uint64(run.noteKey))
		b = b[runSize:]
	}
	for _, s := range r.spans {
		binary.LittleEndian.PutUint32(b, s.end)
		binary.LittleEndian.PutUint64(b[4:], uint64(s.key))
		b = b[spanSize:]
	}
}

// decodeRecord reads a record's head, runs and spans, and checks that they add
// up to the record. It does not verify the tag, nor look into the table.
func decodeRecord(b []byte) (r recordInfo, ok bool) {
	if len(b) < recordHeadSize+runSize+spanSize+entrySize+trailerSize || b[offVersion] != recordVersion ||
		b[offRecordKind] != 0 || binary.LittleEndian.Uint16(b[offReserved:]) != 0 ||
		binary.LittleEndian.Uint32(b[offReserved2:]) != 0 {
		return r, false
	}
	r = recordInfo{
		term:        binary.LittleEndian.Uint64(b[offTerm:]),
		key:         seal.KeyID(binary.LittleEndian.Uint64(b[offKey:])),
		items:       binary.LittleEndian.Uint32(b[offItems:]),
		annotations: binary.LittleEndian.Uint32(b[offAnnotations:]),
		valuesSize:  binary.LittleEndian.Uint32(b[offValuesSize:]),
		dataSize:    binary.LittleEndian.Uint32(b[offDataSize:]),
	}
	copy(r.id[:], b[offID:])
	copy(r.previous[:], b[offPrevious:])
	runs := uint64(binary.LittleEndian.Uint32(b[offRuns:]))
	spans := uint64(binary.LittleEndian.Uint32(b[offSpans:]))
	size := recordHeadSize + runs*runSize + spans*spanSize + uint64(r.items)*entrySize +
		uint64(r.annotations) + uint64(r.dataSize) + trailerSize
	if r.items == 0 || r.valuesSize > r.dataSize || size != uint64(len(b)) {
		return r, false
	}
	b = b[recordHeadSize:]
	return r, r.decodeRuns(b, int(runs)) && r.decodeSpans(b[runs*runSize:], int(spans))
}

// decodeRuns reads the runs and checks that sequences and times do not fall, that
// numbers rise, and that the runs have all items and annotations.
func (r *recordInfo) decodeRuns(b []byte, n int) bool {
	r.runs = make([]recordRun, n)
	items, notes := uint64(0), uint32(0)
	before := Run{Time: math.MinInt64}
	for i := range r.runs {
		run := recordRun{
			Run: Run{
				Sequence: binary.LittleEndian.Uint64(b),
				Time:     int64(binary.LittleEndian.Uint64(b[8:])),
				First:    Number(binary.LittleEndian.Uint64(b[16:])),
				Count:    int(binary.LittleEndian.Uint32(b[24:])),
			},
			item:    int(min(items, maxNumber)),
			noteEnd: binary.LittleEndian.Uint32(b[28:]),
			noteKey: seal.KeyID(binary.LittleEndian.Uint64(b[32:])),
		}
		if run.Count == 0 || run.Sequence < max(before.Sequence, 1) || run.Time < before.Time ||
			run.First < max(before.First+Number(before.Count), 1) || run.First > maxNumber-Number(run.Count) ||
			run.noteEnd < notes || run.noteEnd > r.annotations {
			return false
		}
		items += uint64(run.Count)
		notes, before = run.noteEnd, run.Run
		r.runs[i] = run
		b = b[runSize:]
	}
	return items == uint64(r.items) && notes == r.annotations
}

func (r *recordInfo) decodeSpans(b []byte, n int) bool {
	r.spans = make([]span, n)
	end := uint32(0)
	for i := range r.spans {
		s := span{end: binary.LittleEndian.Uint32(b), key: seal.KeyID(binary.LittleEndian.Uint64(b[4:]))}
		if s.end <= end {
			return false
		}
		end = s.end
		r.spans[i] = s
		b = b[spanSize:]
	}
	return end == r.items
}

// maxNumber and maxSequence leave room for the next number and the next sequence.
const (
	maxNumber   = 1<<63 - 1
	maxSequence = 1<<63 - 1
)

// annotation returns where the annotation of a run lies, from the record's start, and
// its key. If a commit has several runs in a record, the first of them has it. An empty
// range means none.
func (r *recordInfo) annotation(run int) (start, end uint32, key seal.KeyID) {
	for run > 0 && r.runs[run-1].Sequence == r.runs[run].Sequence {
		run--
	}
	if run > 0 {
		start = r.runs[run-1].noteEnd
	}
	at := r.entries() + r.items*entrySize
	return at + start, at + r.runs[run].noteEnd, r.runs[run].noteKey
}

// key returns the data key of an item.
func (r *recordInfo) keyOf(item int) seal.KeyID {
	if len(r.spans) == 1 {
		return r.spans[0].key
	}
	i := sort.Search(len(r.spans), func(i int) bool { return r.spans[i].end > uint32(item) })
	return r.spans[i].key
}

// number returns the number of an item.
func (r *recordInfo) number(item int) Number {
	run := &r.runs[r.runOf(item)]
	return run.First + Number(item-run.item)
}

// runOf returns the index of the run that an item is in.
func (r *recordInfo) runOf(item int) int {
	return sort.Search(len(r.runs), func(i int) bool { return r.runs[i].item > item }) - 1
}

// itemOf returns the index of the item with a number.
func (r *recordInfo) itemOf(n Number) (item int, ok bool) {
	i := sort.Search(len(r.runs), func(i int) bool { return r.runs[i].First > n }) - 1
	if i < 0 || n-r.runs[i].First >= Number(r.runs[i].Count) {
		return 0, false
	}
	return r.runs[i].item + int(n-r.runs[i].First), true
}

// recordTag returns the tag at the end of a decoded record.
func recordTag(b []byte) (t seal.Tag) {
	copy(t[:], b[len(b)-seal.TagSize:])
	return t
}

// verifyRecord checks the tag of a decoded record.
func verifyRecord(keys *seal.Keyset, b []byte, id seal.KeyID) error {
	key, err := keys.Key(id)
	if err != nil {
		return err
	}
	body, trailer := b[:len(b)-trailerSize], b[len(b)-trailerSize:]
	return key.VerifyRecord(body, trailer[:seal.NonceSize], trailer[seal.NonceSize:])
}

// A partRange is where a part lies in a record, from the record's start.
type partRange struct {
	kind       Kind
	slot       uint32
	start, end uint32
}

// A place has the offsets by which a part is found in a record.
type place struct {
	entries    uint32 // where the table begins
	base       uint32 // where the values begin
	valuesSize uint32
}

func (r *recordInfo) place() place {
	return place{entries: r.entries(), base: r.base(), valuesSize: r.valuesSize}
}

// entryRange returns where in the record the table entries for locate lie: the item's,
// and the entry before it.
func (p place) entryRange(item int) (start, end int) {
	start = int(p.entries) + max(item-1, 0)*entrySize
	return start, int(p.entries) + (item+1)*entrySize
}

// locate finds a part by the table's entries: the item's, and for items but 0 the entry
// before it.
func (p place) locate(entries []byte, kind seal.PartKind) (r partRange) {
	column := 4
	if kind == seal.Body {
		column = 8
		r.start = p.valuesSize
	}
	if len(entries) > entrySize {
		r.start = binary.LittleEndian.Uint32(entries[column:])
		entries = entries[entrySize:]
	}
	slot := binary.LittleEndian.Uint32(entries)
	r.kind, r.slot = Kind(slot>>kindShift), slot&maxSlot
	r.end = binary.LittleEndian.Uint32(entries[column:])
	r.start, r.end = r.start+p.base, r.end+p.base
	return r
}

// valid reports whether the part lies in the data of a record of the given
// size.
func (r partRange) valid(p place, size int) bool {
	return p.base <= r.start && r.start <= r.end && int64(r.end) <= int64(size-trailerSize)
}
