package index

const (
	shardBits  = 10
	shardCount = 1 << shardBits
)

// A termTable maps hashes of terms to payloads: an ordinal, the number of a posting with
// postingBit, or, of folded texts, the number of a text.
//
// It is open addressing in many small tables, so that no growth takes long:
// at a million terms a shard has 1,000 slots, and copying it takes microseconds.
// Not safe for concurrent use; Index.mu guards it.
type termTable struct {
	shards [shardCount]termShard
}

type termShard struct {
	slots []termSlot
	n     int
}

// A termSlot is empty where its payload is 0.
type termSlot struct {
	hi      uint64
	lo      uint32
	payload uint32
}

// get returns the payload of a term, 0 if it is not there.
func (t *termTable) get(term termHash) uint32 {
	s := &t.shards[term.hi>>(64-shardBits)]
	if len(s.slots) == 0 {
		return 0
	}
	return s.slot(term).payload
}

// put returns the payload of a term for reading and writing. If the term is new
// the payload is 0, and the caller must set it before the next call.
func (t *termTable) put(term termHash) *uint32 {
	s := &t.shards[term.hi>>(64-shardBits)]
	if s.n*5 >= len(s.slots)*4 {
		s.grow()
	}
	slot := s.slot(term)
	if slot.payload == 0 {
		slot.hi, slot.lo = term.hi, term.lo
		s.n++
	}
	return &slot.payload
}

// home reads the first slot where a term may be.
func (t *termTable) home(term termHash) uint32 {
	s := &t.shards[term.hi>>(64-shardBits)]
	if len(s.slots) == 0 {
		return 0
	}
	return s.slots[s.first(term)].payload
}

// first returns where the search for a term begins. It rises with the hash, so
// any number of slots will do, and growing by a quarter keeps a shard between
// 64 % and 80 % full.
func (s *termShard) first(term termHash) int {
	bits := uint64(uint32(term.hi >> (32 - shardBits)))
	return int(bits * uint64(len(s.slots)) >> 32)
}

// slot returns the slot of a term or the empty one where it belongs.
func (s *termShard) slot(term termHash) *termSlot { return &s.slots[s.index(term)] }

// index returns where that slot is.
func (s *termShard) index(term termHash) int {
	i := s.first(term)
	for {
		slot := &s.slots[i]
		if slot.payload == 0 || slot.hi == term.hi && slot.lo == term.lo {
			return i
		}
		if i++; i == len(s.slots) {
			i = 0
		}
	}
}

func (s *termShard) grow() {
	old := s.slots
	s.slots = make([]termSlot, max(8, len(old)+len(old)/4))
	for _, slot := range old {
		if slot.payload != 0 {
			*s.slot(termHash{slot.hi, slot.lo}) = slot
		}
	}
}
