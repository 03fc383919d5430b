package fhirpath

import "hash/maphash"

// An itemSet finds items of a list by equality. It keeps 8 to 22 bytes for each.
type itemSet struct {
	seed  maphash.Seed
	slots []itemSlot // open addressing; the length is a power of two
	count int
}

// An itemSlot has the place of an item in the list, from 1, and the low half of its
// hash; 0 is no item.
type itemSlot struct{ hash, place uint32 }

func newItemSet(items int) *itemSet {
	size := 32
	for size*3 < items*4 {
		size *= 2
	}
	return &itemSet{seed: maphash.MakeSeed(), slots: make([]itemSlot, size)}
}

// find reports whether an added item equals it. The hash is for add.
func (s *itemSet) find(v *Evaluator, items []item, it item, pos int) (hash uint32, found bool, err error) {
	hash = uint32(v.hash(it, s.seed))
	for at := s.first(hash); s.slots[at].place != 0; at = (at + 1) & (len(s.slots) - 1) {
		if err := v.visit(1, pos); err != nil {
			return 0, false, err
		}
		if s.slots[at].hash == hash && v.equal(items[s.slots[at].place-1], it) == yes {
			return hash, true, nil
		}
	}
	return hash, false, v.visit(1, pos)
}

// add adds the item at a place of the list.
func (s *itemSet) add(hash uint32, place int) {
	if s.count*4 >= len(s.slots)*3 {
		old := s.slots
		s.slots = make([]itemSlot, 2*len(old))
		for _, slot := range old {
			if slot.place != 0 {
				s.put(slot)
			}
		}
	}
	s.count++
	s.put(itemSlot{hash, uint32(place) + 1})
}

func (s *itemSet) put(slot itemSlot) {
	at := s.first(slot.hash)
	for s.slots[at].place != 0 {
		at = (at + 1) & (len(s.slots) - 1)
	}
	s.slots[at] = slot
}

// first returns where the search for a hash begins.
func (s *itemSet) first(hash uint32) int { return int(hash) & (len(s.slots) - 1) }
