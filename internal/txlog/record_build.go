package txlog

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A recordBuilder gathers sealed items for a record that Rewrite makes.
type recordBuilder struct {
	reserve func(n uint64) (*seal.Key, error) // counts seals

	items []sealedItem
	runs  []recordRun
	spans []span
	notes []byte
	size  int // of the record

	values, bodies int // bytes

	sources int // number of records it is made of
	term    uint64
	id      [16]byte

	nonces []byte // random, not used yet
	room   []byte // of sealed parts
	plain  []byte // the part that is sealed anew
}

// A sealedItem is an item with its sealed parts.
type sealedItem struct {
	slot   uint32 // with the kind
	values []byte
	body   []byte
}

func newRecordBuilder(reserve func(n uint64) (*seal.Key, error)) *recordBuilder {
	return &recordBuilder{reserve: reserve, size: recordHeadSize + trailerSize}
}

// begin notes that items of another record follow.
func (b *recordBuilder) begin(source *Record) {
	b.sources++
	b.term, b.id = source.info.term, source.info.id
}

// move adds an item as it is sealed, or sealed anew where its key is retired.
func (b *recordBuilder) move(source *Record, i int) error {
	start, end := source.place.entryRange(i)
	values := source.place.locate(source.sealed[start:end], seal.Values)
	body := source.place.locate(source.sealed[start:end], seal.Body)
	item := sealedItem{
		slot:   uint32(values.kind)<<kindShift | values.slot,
		values: source.sealed[values.start:values.end],
		body:   source.sealed[body.start:body.end],
	}
	id := source.info.keyOf(i)
	if !source.keys.Retired(id) {
		return b.add(source, i, id, item)
	}
	old, err := source.log.partKey(source.keys, id, values.slot)
	if err != nil {
		return err
	}
	key, err := b.reserve(2)
	if err != nil {
		return err
	}
	if key, err = source.log.slotKey(key, values.slot); err != nil {
		return err
	}
	part := source.partID(i, values.slot)
	if item.values, err = b.reseal(old, key, item.values, part(seal.Values)); err != nil {
		return err
	}
	if item.body, err = b.reseal(old, key, item.body, part(seal.Body)); err != nil {
		return err
	}
	return b.add(source, i, key.ID(), item)
}

// seal adds an item with changed parts.
func (b *recordBuilder) seal(source *Record, i int, c Changed) error {
	key, err := b.reserve(2)
	if err != nil {
		return err
	}
	start, end := source.place.entryRange(i)
	r := source.place.locate(source.sealed[start:end], seal.Values)
	if key, err = source.log.slotKey(key, r.slot); err != nil {
		return err
	}
	part := source.partID(i, r.slot)
	return b.add(source, i, key.ID(), sealedItem{
		slot:   uint32(r.kind)<<kindShift | r.slot,
		values: b.sealPart(key, c.Values, part(seal.Values)),
		body:   b.sealPart(key, c.Body, part(seal.Body)),
	})
}

// partID returns the names of an item's parts, by kind.
func (r *Record) partID(i int, slot uint32) func(seal.PartKind) seal.PartID {
	id := seal.PartID{Lineage: r.log.header.lineage, Number: uint64(r.info.number(i)), Slot: slot}
	return func(kind seal.PartKind) seal.PartID {
		id.Kind = kind
		return id
	}
}

// reseal opens a part with one key and seals it with another.
func (b *recordBuilder) reseal(old, key *seal.Key, sealed []byte, id seal.PartID) ([]byte, error) {
	plain, err := old.OpenPart(b.plain[:0], sealed, id)
	if err != nil {
		return nil, sealError(err)
	}
	b.plain = plain
	return b.sealPart(key, plain, id), nil
}

// sealPart seals a part into the builder's own memory.
func (b *recordBuilder) sealPart(key *seal.Key, plain []byte, id seal.PartID) []byte {
	size := len(plain) + seal.Overhead
	if cap(b.room)-len(b.room) < size {
		b.room = make([]byte, 0, max(size, sealRoom))
	}
	at := len(b.room)
	b.room = key.SealPart(b.room, plain, b.nonce(), id)
	return b.room[at:len(b.room):len(b.room)]
}

// sealRoom is the length of a buffer for sealed parts, nonceRoom that of one for random
// bytes.
const (
	sealRoom  = 256 << 10
	nonceRoom = 256 * seal.NonceSize
)

// nonce returns random bytes that are used once.
func (b *recordBuilder) nonce() *[seal.NonceSize]byte {
	if len(b.nonces) == 0 {
		b.nonces = make([]byte, nonceRoom) // one call to the system for many
		rand.Read(b.nonces)
	}
	n := (*[seal.NonceSize]byte)(b.nonces)
	b.nonces = b.nonces[seal.NonceSize:]
	return n
}

func (b *recordBuilder) add(source *Record, i int, key seal.KeyID, item sealedItem) error {
	if err := b.run(source, i); err != nil {
		return err
	}
	if n := len(b.spans); n == 0 || b.spans[n-1].key != key {
		b.spans = append(b.spans, span{key: key})
		b.size += spanSize
	}
	b.items = append(b.items, item)
	b.spans[len(b.spans)-1].end = uint32(len(b.items))
	b.values += len(item.values)
	b.bodies += len(item.body)
	b.size += entrySize + len(item.values) + len(item.body)
	return nil
}

// run counts an item in the last run, or begins a run with it. The first run of
// a commit has the annotation.
func (b *recordBuilder) run(source *Record, i int) error {
	at := source.info.runOf(i)
	from := &source.info.runs[at]
	number := source.info.number(i)
	if n := len(b.runs); n > 0 {
		last := &b.runs[n-1]
		if last.Sequence == from.Sequence && last.First+Number(last.Count) == number {
			last.Count++
			return nil
		}
	}
	run := recordRun{Run: Run{Sequence: from.Sequence, Time: from.Time, First: number, Count: 1}, item: len(b.items)}
	if n := len(b.runs); n == 0 || b.runs[n-1].Sequence != from.Sequence {
		note, key, err := b.annotation(source, at)
		if err != nil {
			return err
		}
		b.notes = append(b.notes, note...)
		b.size += len(note)
		run.noteKey = key
	}
	run.noteEnd = uint32(len(b.notes))
	b.runs = append(b.runs, run)
	b.size += runSize
	return nil
}

// annotation returns the sealed annotation of a run and its key. If the key is retired
// the annotation is sealed anew. Without an annotation the key is 0.
func (b *recordBuilder) annotation(source *Record, run int) ([]byte, seal.KeyID, error) {
	start, end, id := source.info.annotation(run)
	sealed := source.sealed[start:end]
	switch {
	case len(sealed) == 0:
		return nil, 0, nil
	case !source.keys.Retired(id):
		return sealed, id, nil
	}
	old, err := source.keys.Key(id)
	if err != nil {
		return nil, 0, sealError(err)
	}
	key, err := b.reserve(1)
	if err != nil {
		return nil, 0, err
	}
	part := seal.PartID{Lineage: source.log.header.lineage, Number: source.info.runs[run].Sequence, Kind: seal.Annotation}
	sealed, err = b.reseal(old, key, sealed, part)
	return sealed, key.ID(), err
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
