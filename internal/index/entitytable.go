package index

import (
	"encoding/binary"
	"encoding/hex"
	"sync/atomic"
)

// An entityTable numbers (type, id) pairs. One goroutine adds; others look up
// without a lock.
//
// Ids lie behind each other in blocks of bytes, each from a multiple of 8 on: 16
// bytes of a UUID, as most are, or a length and text.
type entityTable struct {
	hashKey hashKey
	n       atomic.Uint32 // entities
	bytes   atomic.Uint64 // of their ids
	used    uint64        // bytes of the arena, of the writer
	arena   atomic.Pointer[[]*[arenaBlock]byte]
	records chunked[entityRecord]
	slots   atomic.Pointer[[]atomic.Uint32]
	// hashes of all entities, upper halves, while an index is loaded; nil at other
	// times.
	hashes []uint32
}

type entityRecord struct {
	key    uint32        // offset in the arena, in multiples of 8
	newest atomic.Uint32 // ordinal
	typ    TypeID
	// tag has 15 bits of the hash, which spare most comparisons with other keys, and a
	// bit that says that the id is a UUID.
	tag uint16
}

const (
	arenaBlock = 1 << 16
	arenaAlign = 8
	packedMark = 0xff // in the place of the length, which is at most MaxIDLen
	packedLen  = 1 + 16
	maxIDSize  = (1 + MaxIDLen + arenaAlign - 1) / arenaAlign * arenaAlign
)

// roundID returns the bytes that a key of n bytes takes in the arena at most.
func roundID(n int) uint64 { return (uint64(n) + arenaAlign - 1) / arenaAlign * arenaAlign }

// An entityKey is an id in the form that is hashed.
type entityKey struct {
	buf [1 + MaxIDLen]byte
	n   int
}

// set packs an id of at most MaxIDLen bytes.
func (k *entityKey) set(id string) {
	if packUUID((*[16]byte)(k.buf[1:packedLen]), id) {
		k.buf[0] = packedMark
		k.n = packedLen
		return
	}
	k.buf[0] = byte(len(id))
	k.n = 1 + copy(k.buf[1:], id)
}

func (k *entityKey) bytes() []byte { return k.buf[:k.n] }

// packUUID packs a UUID in lower case and with hyphens. It refuses other spellings,
// which unpacking would not give back.
func packUUID(dst *[16]byte, id string) bool {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return false
	}
	a, okA := packHex(id[0:4], id[4:8])
	b, okB := packHex(id[9:13], id[14:18])
	c, okC := packHex(id[19:23], id[24:28])
	d, okD := packHex(id[28:32], id[32:36])
	binary.BigEndian.PutUint32(dst[0:], a)
	binary.BigEndian.PutUint32(dst[4:], b)
	binary.BigEndian.PutUint32(dst[8:], c)
	binary.BigEndian.PutUint32(dst[12:], d)
	return okA && okB && okC && okD
}

// packHex reads twice four digits of base 16, all eight at once: each byte of a word is
// a digit. It returns false for upper case and for other characters.
func packHex(high, low string) (uint32, bool) {
	const each = 0x0101010101010101
	text := uint64(fourBytes(high))<<32 | uint64(fourBytes(low))
	// Letters have the bit 0x40: 'a' is 0x61 and means 9 + 1.
	v := text&(each*0x0f) + text>>6&each*9
	letters := (v + each*6) >> 4 & each // 10 to 15
	// A byte that does not give its text again was no digit.
	ok := v&(each*0xf0) == 0 && v+each*'0'+letters*('a'-'0'-10) == text
	v = (v | v>>4) & 0x00ff00ff00ff00ff
	v = (v | v>>8) & 0x0000ffff0000ffff
	return uint32(v | v>>16), ok
}

func fourBytes(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

func unpackUUID(key []byte) string {
	var s [36]byte
	hex.Encode(s[0:8], key[0:4])
	hex.Encode(s[9:13], key[4:6])
	hex.Encode(s[14:18], key[6:8])
	hex.Encode(s[19:23], key[8:10])
	hex.Encode(s[24:36], key[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

func (t *entityTable) hash(typ TypeID, key []byte) uint64 { return t.hashKey.entity(typ, key).hi }

// tagOf returns the tag of a pair.
func tagOf(key []byte, hash uint64) uint16 {
	tag := uint16(hash) &^ 1
	if key[0] == packedMark {
		tag |= 1
	}
	return tag
}

// stored returns the bytes of an entity in the arena, for reading only: 16 bytes of a
// UUID, or a length and text.
func (t *entityTable) stored(r *entityRecord) []byte {
	block := (*t.arena.Load())[r.key/(arenaBlock/arenaAlign)]
	at := r.key % (arenaBlock / arenaAlign) * arenaAlign
	n := uint32(16)
	if r.tag&1 == 0 {
		n = 1 + uint32(block[at])
	}
	return block[at : at+n]
}

// id returns the id of an entity.
func (t *entityTable) id(r *entityRecord) string {
	stored := t.stored(r)
	if r.tag&1 != 0 {
		return unpackUUID(stored)
	}
	return string(stored[1:])
}

// digest returns the digest of an entity.
func (t *entityTable) digest(r *entityRecord) digest {
	var key entityKey
	n := 0
	if r.tag&1 != 0 {
		key.buf[0], n = packedMark, 1
	}
	key.n = n + copy(key.buf[n:], t.stored(r))
	return t.hashKey.entity(r.typ, key.bytes())
}

// find returns the entity of a pair, 0 if there is none.
func (t *entityTable) find(typ TypeID, key []byte, hash uint64) Entity {
	slots := t.slots.Load()
	if slots == nil {
		return 0
	}
	e, _ := t.probe(*slots, typ, key, hash)
	return e
}

func (t *entityTable) lookup(typ TypeID, id string) Entity {
	if id == "" || len(id) > MaxIDLen {
		return 0
	}
	var k entityKey
	k.set(id)
	return t.find(typ, k.bytes(), t.hash(typ, k.bytes()))
}

// probe returns the entity of a pair, or 0 and the slot where it belongs.
func (t *entityTable) probe(slots []atomic.Uint32, typ TypeID, key []byte, hash uint64) (Entity, int) {
	i := home(hash, len(slots))
	tag := tagOf(key, hash)
	if tag&1 != 0 {
		key = key[1:]
	}
	for {
		e := slots[i].Load()
		if e == 0 {
			return 0, i
		}
		r := t.records.at(e)
		if r.tag == tag && r.typ == typ && string(t.stored(r)) == string(key) {
			return Entity(e), i
		}
		if i++; i == len(slots) {
			i = 0
		}
	}
}

// remember keeps hashes from now on, so that a growing table need not hash all ids
// again. It does so for an empty table: others have ids whose hashes are not known.
func (t *entityTable) remember() {
	if t.n.Load() == 0 {
		t.hashes = make([]uint32, 1)
	}
}

// forget ends remember.
func (t *entityTable) forget() { t.hashes = nil }

func home(hash uint64, slots int) int { return int(hash >> 32 * uint64(slots) >> 32) }

// reserve makes room for n more entities. It may take a while to fill a larger table;
// readers go on in the old one.
func (t *entityTable) reserve(n int) {
	want := int(t.n.Load()) + n
	t.records.grow(uint32(want) + 1)
	var old []atomic.Uint32
	if p := t.slots.Load(); p != nil {
		old = *p
	}
	if want*5 < len(old)*4 {
		return
	}
	slots := make([]atomic.Uint32, max(64, want*5/4+1, len(old)*3/2))
	for e := uint32(1); e <= t.n.Load(); e++ {
		i := 0
		if t.hashes != nil {
			i = home(uint64(t.hashes[e])<<32, len(slots))
		} else {
			i = home(t.digest(t.records.at(e)).hi, len(slots))
		}
		for slots[i].Load() != 0 {
			if i++; i == len(slots) {
				i = 0
			}
		}
		slots[i].Store(e)
	}
	t.slots.Store(&slots)
}

// add returns the entity of a pair, a new one if there is none. Room must have
// been reserved.
func (t *entityTable) add(typ TypeID, key []byte, hash uint64) Entity {
	slots := *t.slots.Load()
	e, i := t.probe(slots, typ, key, hash)
	if e != 0 {
		return e
	}
	n := t.n.Add(1)
	r := t.records.at(n)
	r.typ, r.tag = typ, tagOf(key, hash)
	r.key = t.store(key)
	if t.hashes != nil {
		t.hashes = append(t.hashes, uint32(hash>>32))
	}
	// Storing the slot publishes the record: a reader of the slot sees the record's
	// fields.
	slots[i].Store(n)
	return Entity(n)
}

// store puts a key into the arena and returns its place.
func (t *entityTable) store(key []byte) uint32 {
	if key[0] == packedMark {
		key = key[1:]
	}
	var blocks []*[arenaBlock]byte
	if p := t.arena.Load(); p != nil {
		blocks = *p
	}
	size := roundID(len(key))
	if left := uint64(len(blocks))*arenaBlock - t.used; left < size {
		t.used = uint64(len(blocks)) * arenaBlock
		grown := append(blocks, new([arenaBlock]byte))
		t.arena.Store(&grown)
		blocks = grown
	}
	at := t.used
	copy(blocks[at/arenaBlock][at%arenaBlock:], key)
	t.used += size
	t.bytes.Store(t.bytes.Load() + size)
	return uint32(at / arenaAlign)
}
