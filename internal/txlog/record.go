package txlog

import (
	"crypto/rand"
	"encoding/binary"
	"runtime"
	"sync"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Ordinal numbers a resource version in log order, from 0. It is an alias, so
// that ordinals go into bitmaps and sets as they are.
type Ordinal = uint32

// An Item is one resource version to be appended: plaintext parts, which the
// log reads during Append and does not keep.
type Item struct {
	Values []byte
	Body   []byte

	// Slot is the key slot that seals the item. 0 is the store's data key,
	// and in this version the only one.
	Slot uint32
}

// A Header describes a record.
type Header struct {
	Sequence uint64  // from 1, dense
	First    Ordinal // ordinal of the first item
	Time     int64   // microseconds since the Unix epoch, UTC
	Items    int     // number of items; Append sets it
}

// Layout of a sealed record: header, table, data, trailer. All little endian.
const (
	recordVersion = 1

	offVersion    = 0  // uint8
	offKind       = 1  // uint8: 0, items
	offReserved   = 2  // uint16: 0
	offItems      = 4  // uint32
	offSequence   = 8  // uint64
	offFirst      = 16 // uint32
	offKey        = 20 // uint32: data key
	offTime       = 24 // int64
	offPrevious   = 32 // tag of the record before
	offValuesSize = 48 // uint32: bytes of all values parts
	offDataSize   = 52 // uint32: bytes of all parts
	headerSize    = 56

	entrySize   = 12 // key slot, end of values, end of body
	trailerSize = seal.NonceSize + seal.TagSize
)

// A recordInfo is a decoded record header.
type recordInfo struct {
	Header
	key        seal.KeyID
	previous   seal.Tag
	valuesSize uint32
}

// decodeRecord reads a record's header and checks that the lengths in it add up
// to the record. It does not verify the tag, nor look into the table.
func decodeRecord(b []byte) (info recordInfo, ok bool) {
	if len(b) < headerSize+entrySize+trailerSize || b[offVersion] != recordVersion ||
		b[offKind] != 0 || binary.LittleEndian.Uint16(b[offReserved:]) != 0 {
		return recordInfo{}, false
	}
	items := binary.LittleEndian.Uint32(b[offItems:])
	data := binary.LittleEndian.Uint32(b[offDataSize:])
	info.valuesSize = binary.LittleEndian.Uint32(b[offValuesSize:])
	if items == 0 || info.valuesSize > data ||
		headerSize+uint64(items)*entrySize+uint64(data)+trailerSize != uint64(len(b)) {
		return recordInfo{}, false
	}
	info.Header = Header{
		Sequence: binary.LittleEndian.Uint64(b[offSequence:]),
		First:    binary.LittleEndian.Uint32(b[offFirst:]),
		Time:     int64(binary.LittleEndian.Uint64(b[offTime:])),
		Items:    int(items),
	}
	info.key = seal.KeyID(binary.LittleEndian.Uint32(b[offKey:]))
	copy(info.previous[:], b[offPrevious:])
	return info, uint64(info.First)+uint64(items) <= maxOrdinals
}

// maxOrdinals is how many ordinals a log has: the one after the last fits too.
const maxOrdinals = 1<<32 - 1

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
	slot       uint32
	start, end uint32
}

// locatePart finds a part from the table's entries of its item and of the item
// before; of these the last 2·entrySize bytes, or entrySize for item 0.
func locatePart(entries []byte, items int, valuesSize uint32, kind seal.PartKind) (r partRange) {
	column := 4
	if kind == seal.Body {
		column = 8
		r.start = valuesSize
	}
	if len(entries) > entrySize {
		r.start = binary.LittleEndian.Uint32(entries[column:])
		entries = entries[entrySize:]
	}
	r.slot = binary.LittleEndian.Uint32(entries)
	r.end = binary.LittleEndian.Uint32(entries[column:])
	data := uint32(headerSize + items*entrySize)
	r.start, r.end = r.start+data, r.end+data
	return r
}

// valid reports whether the part lies inside a record of the given size.
func (r partRange) valid(size int) bool {
	return r.start <= r.end && int64(r.end) <= int64(size-trailerSize)
}

// entryRange returns where in a record the table entries for locatePart are.
func entryRange(i int) (start, end int) {
	start = headerSize + max(i-1, 0)*entrySize
	return start, headerSize + (i+1)*entrySize
}

// recordSize returns the length of the sealed record of these items, and of
// their sealed values; ok is false where the record would be too large.
func recordSize(items []Item) (size, values int64, ok bool) {
	size = headerSize + trailerSize
	for i := range items {
		values += int64(len(items[i].Values)) + seal.Overhead
		size += entrySize + int64(len(items[i].Values)+len(items[i].Body)) + 2*seal.Overhead
		if size > MaxRecord {
			return 0, 0, false
		}
	}
	return size, values, true
}

// recordSeals is how many seals a record of n items makes: two parts an item,
// and the tag.
func recordSeals(n int) uint64 { return 2*uint64(n) + 1 }

// parallelSeal is the size of a record from which sealing is shared out: below
// it starting a goroutine costs more than it saves.
const parallelSeal = 128 << 10

// sealRecord returns a sealed record. size and values come from recordSize;
// the seals are reserved already.
func sealRecord(key *seal.Key, store [16]byte, previous seal.Tag, h Header, items []Item, size, values int64) []byte {
	record := make([]byte, size)
	record[offVersion] = recordVersion
	dataStart := headerSize + len(items)*entrySize
	binary.LittleEndian.PutUint32(record[offItems:], uint32(len(items)))
	binary.LittleEndian.PutUint64(record[offSequence:], h.Sequence)
	binary.LittleEndian.PutUint32(record[offFirst:], h.First)
	binary.LittleEndian.PutUint32(record[offKey:], uint32(key.ID()))
	binary.LittleEndian.PutUint64(record[offTime:], uint64(h.Time))
	copy(record[offPrevious:], previous[:])
	binary.LittleEndian.PutUint32(record[offValuesSize:], uint32(values))
	binary.LittleEndian.PutUint32(record[offDataSize:], uint32(size)-uint32(dataStart)-trailerSize)

	endValues, endBody := uint32(0), uint32(values)
	for i := range items {
		endValues += uint32(len(items[i].Values)) + seal.Overhead
		endBody += uint32(len(items[i].Body)) + seal.Overhead
		entry := record[headerSize+i*entrySize:]
		binary.LittleEndian.PutUint32(entry, items[i].Slot)
		binary.LittleEndian.PutUint32(entry[4:], endValues)
		binary.LittleEndian.PutUint32(entry[8:], endBody)
	}

	s := itemSealer{key: key, record: record, items: items, valuesSize: uint32(values),
		id: seal.PartID{Store: store, Sequence: h.Sequence, Count: uint32(len(items))}}
	s.sealAll()

	var nonce [seal.NonceSize]byte
	rand.Read(nonce[:])
	body := record[:size-trailerSize]
	tag := key.TagRecord(body, &nonce)
	copy(record[len(body):], nonce[:])
	copy(record[len(body)+seal.NonceSize:], tag[:])
	return record
}

// An itemSealer seals the items of one record into their places.
type itemSealer struct {
	key        *seal.Key
	record     []byte
	items      []Item
	valuesSize uint32
	id         seal.PartID
}

// sealAll seals all items, on several cores where that pays.
func (s *itemSealer) sealAll() {
	workers := min(runtime.GOMAXPROCS(0), len(s.items), len(s.record)/parallelSeal+1)
	var wg sync.WaitGroup
	for w := 1; w < workers; w++ {
		wg.Go(func() { s.seal(w*len(s.items)/workers, (w+1)*len(s.items)/workers) })
	}
	s.seal(0, len(s.items)/workers)
	wg.Wait()
}

// seal seals the items from first until last.
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
	start, end := entryRange(i)
	r := locatePart(s.record[start:end], len(s.items), s.valuesSize, kind)
	id := s.id
	id.Index, id.Slot, id.Kind = uint32(i), r.slot, kind
	s.key.SealPart(s.record[r.start:r.start:r.end], plaintext, nonce, id)
}
