package txlog

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A recordBuilder gathers sealed items for a record that Rewrite makes.
type recordBuilder struct {
	items []sealedItem
	runs  []recordRun
	spans []span
	notes []byte
	size  int // of the record

	values, bodies int // bytes

	sources int // number of records it is made of
	term    uint64
	id      [16]byte
}

// A sealedItem is an item with its sealed parts.
type sealedItem struct {
	slot   uint32 // with the kind
	values []byte
	body   []byte
}

func newRecordBuilder() *recordBuilder {
	return &recordBuilder{size: recordHeadSize + trailerSize}
}

// begin notes that items of another record follow.
func (b *recordBuilder) begin(source *Record) {
	b.sources++
	b.term, b.id = source.info.term, source.info.id
}

// move adds an item as it is sealed.
func (b *recordBuilder) move(source *Record, i int) {
	start, end := source.place.entryRange(i)
	values := source.place.locate(source.sealed[start:end], seal.Values)
	body := source.place.locate(source.sealed[start:end], seal.Body)
	b.add(source, i, source.info.keyOf(i), sealedItem{
		slot:   uint32(values.kind)<<kindShift | values.slot,
		values: source.sealed[values.start:values.end],
		body:   source.sealed[body.start:body.end],
	})
}

// seal adds an item whose parts are sealed anew. The seals were reserved.
func (b *recordBuilder) seal(key *seal.Key, source *Record, i int, c Changed) error {
	start, end := source.place.entryRange(i)
	r := source.place.locate(source.sealed[start:end], seal.Values)
	id := seal.PartID{Lineage: source.log.header.lineage, Number: uint64(source.info.number(i)), Slot: r.slot}
	if r.slot != 0 {
		var err error
		if key, err = source.log.slotKey(key, r.slot); err != nil {
			return err
		}
	}
	part := func(kind seal.PartKind, plaintext []byte) []byte {
		var nonce [seal.NonceSize]byte
		rand.Read(nonce[:])
		id.Kind = kind
		return key.SealPart(make([]byte, 0, len(plaintext)+seal.Overhead), plaintext, &nonce, id)
	}
	b.add(source, i, key.ID(), sealedItem{
		slot:   uint32(r.kind)<<kindShift | r.slot,
		values: part(seal.Values, c.Values),
		body:   part(seal.Body, c.Body),
	})
	return nil
}

func (b *recordBuilder) add(source *Record, i int, key seal.KeyID, item sealedItem) {
	b.run(source, i)
	if n := len(b.spans); n == 0 || b.spans[n-1].key != key {
		b.spans = append(b.spans, span{key: key})
		b.size += spanSize
	}
	b.items = append(b.items, item)
	b.spans[len(b.spans)-1].end = uint32(len(b.items))
	b.values += len(item.values)
	b.bodies += len(item.body)
	b.size += entrySize + len(item.values) + len(item.body)
}

// run counts an item in the last run, or begins a run with it. The first run of
// a commit has the annotation.
func (b *recordBuilder) run(source *Record, i int) {
	at := source.info.runOf(i)
	from := &source.info.runs[at]
	number := source.info.number(i)
	if n := len(b.runs); n > 0 {
		last := &b.runs[n-1]
		if last.Sequence == from.Sequence && last.First+Number(last.Count) == number {
			last.Count++
			return
		}
	}
	run := recordRun{Run: Run{Sequence: from.Sequence, Time: from.Time, First: number, Count: 1}, item: len(b.items)}
	if n := len(b.runs); n == 0 || b.runs[n-1].Sequence != from.Sequence {
		if start, end, key := source.info.annotation(at); start < end {
			b.notes = append(b.notes, source.sealed[start:end]...)
			b.size += int(end - start)
			run.noteKey = key
		}
	}
	run.noteEnd = uint32(len(b.notes))
	b.runs = append(b.runs, run)
	b.size += runSize
}

// build lays the record out and tags it. A record made of one other keeps its
// term and id.
func (b *recordBuilder) build(key *seal.Key, previous seal.Tag, term uint64) (*recordInfo, framed) {
	info := &recordInfo{
		term: b.term, id: b.id, key: key.ID(), previous: previous,
		items: uint32(len(b.items)), runs: b.runs, spans: b.spans,
		annotations: uint32(len(b.notes)), valuesSize: uint32(b.values), dataSize: uint32(b.values + b.bodies),
	}
	if b.sources > 1 {
		info.term, info.id = term, [16]byte{}
	}
	f := newFramed(info.firstRun().Sequence, info.size())
	record := f.record()
	info.encode(record)
	table := record[info.entries():]
	copy(table[len(b.items)*entrySize:], b.notes)
	data := record[info.base():]
	values, bodies := 0, b.values
	for i, item := range b.items {
		values += copy(data[values:], item.values)
		bodies += copy(data[bodies:], item.body)
		e := table[i*entrySize:]
		binary.LittleEndian.PutUint32(e, item.slot)
		binary.LittleEndian.PutUint32(e[4:], uint32(values))
		binary.LittleEndian.PutUint32(e[8:], uint32(bodies))
	}
	sealTrailer(key, record)
	return info, f
}
