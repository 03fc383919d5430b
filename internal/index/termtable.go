package index

import "math/bits"

// There are fewer texts than terms, and a small index should stay small.
const (
	termShards = 1 << 10
	textShards = 1 << 8
)

// A termTable maps hashes of terms to payloads: an ordinal or the number of a posting
// with postingBit, or, in the table of folded texts, the number of a text.
//
// It is many small tables with open addressing, the shards, so that no growth takes
// long: at a million terms a shard has 1,000 slots, and copying it takes microseconds.
// Not safe for concurrent use; Index.mu guards it.
type termTable struct {
	shards []termShard
	shift  uint8 // of a hash, to its shard
}

// newTermTable returns a table of n shards, a power of two.
func newTermTable(n int) termTable {
	return termTable{make([]termShard, n), uint8(64 - bits.TrailingZeros(uint(n)))}
}

type termShard struct {
	slots []termSlot
	n     int
}

// A termSlot is empty if its payload is 0.
type termSlot struct {
	hi      uint64
	lo      uint32
	payload uint32
}

func (t *termTable) shard(term termHash) *termShard { return &t.shards[term.hi>>t.shift] }

// get returns the payload of a term, 0 if it is not there.
func (t *termTable) get(term termHash) uint32 {
	s := t.shard(term)
	if len(s.slots) == 0 {
		return 0
	}
	return s.slot(term).payload
}

// put returns the payload of a term for reading and writing. If the term is new
// the payload is 0, and the caller must set it before the next call.
func (t *termTable) put(term termHash) *uint32 {
	s := t.shard(term)
	if s.n*6 >= len(s.slots)*5 {
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
	s := t.shard(term)
	if len(s.slots) == 0 {
		return 0
	}
	return s.slots[s.first(term)].payload
}

// first returns the slot at which the search for a term begins. It rises with the hash,
// so a shard may have any number of slots, and growing by an eighth keeps it between 74
// % and 83 % full.
func (s *termShard) first(term termHash) int {
	bits := uint64(uint32(term.hi >> 22)) // below the bits of the shard
	return int(bits * uint64(len(s.slots)) >> 32)
}

// slot returns the slot of a term or the empty one where it belongs.
func (s *termShard) slot(term termHash) *termSlot { return &s.slots[s.index(term)] }

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

// remove removes a term that the shard has. Terms behind it that lie after the slot at
// which their search begins move up, so that no search ends too early.
func (s *termShard) remove(term termHash) {
	free := s.index(term)
	for i := free; ; {
		if i++; i == len(s.slots) {
			i = 0
		}
		slot := &s.slots[i]
		if slot.payload == 0 {
			break
		}
		// It may move if its search begins at free or before, on the way round to i.
		first := s.first(termHash{slot.hi, slot.lo})
		if free <= i && (first <= free || first > i) || i < free && first <= free && first > i {
			s.slots[free], free = *slot, i
		}
	}
	s.slots[free] = termSlot{}
	s.n--
}

// shrink makes a shard smaller that is less than half full.
func (s *termShard) shrink() {
	if s.n*2 < len(s.slots) && len(s.slots) > minSlots {
		s.resize(max(minSlots, s.n+s.n/3))
	}
}

// removeTerm removes a term if it is there, and returns its payload.
func (t *termTable) removeTerm(term termHash) (payload uint32) {
	if payload = t.get(term); payload != 0 {
		t.shard(term).remove(term)
	}
	return payload
}

func (s *termShard) grow() { s.resize(max(minSlots, len(s.slots)+len(s.slots)/8)) }

const minSlots = 8

func (s *termShard) resize(n int) {
	slots := make([]termSlot, n)
	s.slots, slots = slots, s.slots
	for i := range slots {
		slot := &slots[i]
		if slot.payload == 0 {
			continue
		}
		at := s.first(termHash{slot.hi, slot.lo})
		for s.slots[at].payload != 0 {
			if at++; at == len(s.slots) {
				at = 0
			}
		}
		s.slots[at] = *slot
	}
}
