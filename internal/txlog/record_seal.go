package txlog

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A Commit is one commit to be appended. The log reads it during Append and does not
// keep it.
type Commit struct {
	Time       int64 // microseconds since the Unix epoch, UTC; never falls
	Annotation []byte
	Items      []Item
}

// A Batch has the commits that one Append writes as one record: a run for each commit,
// with dense sequences and numbers.
type Batch struct {
	Expect  uint64   // sequence of the last commit that the writer has applied
	Term    uint64   // the writer's term, as Log.Term tells
	ID      [16]byte // of the record, for Log.Find
	Commits []Commit
}

// A recordLayout is the layout of a batch's record, before it is sealed.
type recordLayout struct {
	items []Item
	info  recordInfo
	seals uint64
	size  int // of the record
}

// newPlan checks a batch and lays out its record.
func newLayout(b *Batch) (*recordLayout, error) {
	if len(b.Commits) == 0 {
		return nil, fmt.Errorf("%w: no commits", ErrBadRecord)
	}
	p := &recordLayout{items: b.Commits[0].Items}
	if len(b.Commits) > 1 {
		n := 0
		for i := range b.Commits {
			n += len(b.Commits[i].Items)
		}
		p.items = make([]Item, 0, n)
		for i := range b.Commits {
			p.items = append(p.items, b.Commits[i].Items...)
		}
	}
	p.info = recordInfo{term: b.Term, id: b.ID, items: uint32(len(p.items)), runs: make([]recordRun, len(b.Commits))}
	annotations, items := int64(0), 0
	p.seals = 2*uint64(len(p.items)) + 1
	for i := range b.Commits {
		c := &b.Commits[i]
		if len(c.Items) == 0 {
			return nil, fmt.Errorf("%w: commit %d has no items", ErrBadRecord, i)
		}
		if n := len(c.Annotation); n > 0 {
			annotations += int64(n) + seal.Overhead
			p.seals++
		}
		p.info.runs[i] = recordRun{Run: Run{Time: c.Time, Count: len(c.Items)}, item: items, noteEnd: uint32(min(annotations, MaxRecord))}
		items += len(c.Items)
	}
	return p, p.measure(annotations)
}

// measure computes the lengths.
func (p *recordLayout) measure(annotations int64) error {
	size := int64(recordHeadSize+spanSize+trailerSize) + annotations + int64(len(p.info.runs))*runSize
	values, data := int64(0), int64(0)
	for i := range p.items {
		item := &p.items[i]
		if item.Slot > maxSlot || item.Kind > State {
			return fmt.Errorf("%w: item %d has key slot %d, kind %d", ErrBadRecord, i, item.Slot, item.Kind)
		}
		values += int64(len(item.Values)) + seal.Overhead
		data += int64(len(item.Values)+len(item.Body)) + 2*seal.Overhead
		size += entrySize
		if size+data > MaxRecord {
			return fmt.Errorf("%w: over %d bytes", ErrTooLarge, MaxRecord)
		}
	}
	if size+data > MaxRecord {
		return fmt.Errorf("%w: over %d bytes", ErrTooLarge, MaxRecord)
	}
	p.info.annotations, p.info.valuesSize, p.info.dataSize = uint32(annotations), uint32(values), uint32(data)
	p.size = int(size + data)
	return nil
}

// seal gives the commits their sequences and numbers, and returns the record in
// its frame.
func (p *recordLayout) seal(key *seal.Key, slots map[uint32]*seal.Key, lineage [16]byte, previous seal.Tag, last Last, commits []Commit) framed {
	p.info.key, p.info.previous = key.ID(), previous
	p.info.spans = []span{{end: p.info.items, key: key.ID()}}
	number := last.Next
	for i := range p.info.runs {
		run := &p.info.runs[i]
		run.Sequence, run.First = last.Sequence+1+uint64(i), number
		number += Number(run.Count)
		if len(commits[i].Annotation) > 0 {
			run.noteKey = key.ID()
		}
	}
	f := newFramed(p.info.firstRun().Sequence, p.size)
	record := f.record()
	p.info.encode(record)
	p.entries(record)
	s := &itemSealer{key: key, slots: slots, record: record, items: p.items, place: p.info.place(), runs: p.info.runs, lineage: lineage}
	s.annotations(&p.info, commits)
	s.sealAll()
	sealTrailer(key, record)
	return f
}

// entries writes the table.
func (p *recordLayout) entries(record []byte) {
	table := record[p.info.entries():]
	values, bodies := uint32(0), p.info.valuesSize
	for i := range p.items {
		item := &p.items[i]
		values += uint32(len(item.Values)) + seal.Overhead
		bodies += uint32(len(item.Body)) + seal.Overhead
		e := table[i*entrySize:]
		binary.LittleEndian.PutUint32(e, uint32(item.Kind)<<kindShift|item.Slot)
		binary.LittleEndian.PutUint32(e[4:], values)
		binary.LittleEndian.PutUint32(e[8:], bodies)
	}
}

// sealTrailer writes nonce and tag to the end of a record.
func sealTrailer(key *seal.Key, record []byte) {
	var nonce [seal.NonceSize]byte
	rand.Read(nonce[:])
	body := record[:len(record)-trailerSize]
	tag := key.TagRecord(body, &nonce)
	copy(record[len(body):], nonce[:])
	copy(record[len(body)+seal.NonceSize:], tag[:])
}

// parallelSeal is the least size of a record that several goroutines seal: for a
// smaller one, starting a goroutine costs more than it saves.
const parallelSeal = 128 << 10

// An itemSealer seals the items of one record into their places.
type itemSealer struct {
	key     *seal.Key
	record  []byte
	items   []Item
	slots   map[uint32]*seal.Key // of slots other than 0
	place   place
	runs    []recordRun
	lineage [16]byte
}

func (s *itemSealer) annotations(info *recordInfo, commits []Commit) {
	for i := range commits {
		if len(commits[i].Annotation) == 0 {
			continue
		}
		var nonce [seal.NonceSize]byte
		rand.Read(nonce[:])
		start, end, _ := info.annotation(i)
		id := seal.PartID{Lineage: s.lineage, Number: info.runs[i].Sequence, Kind: seal.Annotation}
		s.key.SealPart(s.record[start:start:end], commits[i].Annotation, &nonce, id)
	}
}

// sealAll seals all items, those of a large record on several cores.
func (s *itemSealer) sealAll() {
	workers := min(runtime.GOMAXPROCS(0), len(s.items), len(s.record)/parallelSeal+1)
	var wg sync.WaitGroup
	for w := 1; w < workers; w++ {
		wg.Go(func() { s.seal(w*len(s.items)/workers, (w+1)*len(s.items)/workers) })
	}
	s.seal(0, len(s.items)/workers)
	wg.Wait()
}

// seal seals the items from first until last. Numbers are dense in a batch.
func (s *itemSealer) seal(first, last int) {
	nonces := make([]byte, 2*seal.NonceSize*(last-first)) // one call to the system
	rand.Read(nonces)
	for i := first; i < last; i++ {
		n := nonces[2*seal.NonceSize*(i-first):]
		s.part(i, seal.Values, s.items[i].Values, (*[seal.NonceSize]byte)(n))
		s.part(i, seal.Body, s.items[i].Body, (*[seal.NonceSize]byte)(n[seal.NonceSize:]))
	}
}

func (s *itemSealer) part(i int, kind seal.PartKind, plaintext []byte, nonce *[seal.NonceSize]byte) {
	start, end := s.place.entryRange(i)
	r := s.place.locate(s.record[start:end], kind)
	id := seal.PartID{Lineage: s.lineage, Number: uint64(s.runs[0].First) + uint64(i), Slot: r.slot, Kind: kind}
	key := s.key
	if r.slot != 0 {
		key = s.slots[r.slot]
	}
	key.SealPart(s.record[r.start:r.start:r.end], plaintext, nonce, id)
}
