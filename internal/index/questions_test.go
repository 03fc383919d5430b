package index

import (
	"iter"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// Ended reports whether the hold was ended before it was released.
func (held *Hold) Ended() bool {
	h := &held.x.horizon
	h.mu.Lock()
	defer h.mu.Unlock()
	return held.state == holdEnded
}

// Contains reports whether the posting has o.
func (p Posting) Contains(o Ordinal) bool {
	if p.only != 0 {
		return p.only == uint32(o)
	}
	if p.frozen != nil && o <= p.view.s.last && p.frozen.Contains(uint32(o)) {
		return true
	}
	_, ok := slices.BinarySearch(p.tail, uint32(o))
	return ok
}

// RemoveFrom removes the ordinals from set, in place.
func (p Posting) RemoveFrom(set *roaring.Bitmap) {
	if p.frozen != nil {
		set.AndNot(p.frozenInView())
	}
	var only [1]uint32
	set.AndNot(bitmapOfRising(p.rest(&only)))
}

// TargetsOf iterates over the entities to which one ordinal refers.
func (r References) TargetsOf(o Ordinal) iter.Seq[Entity] {
	return func(yield func(Entity) bool) {
		for i := r.edges.search(o); i < r.edges.n && r.edges.ordinal(i) == o; i++ {
			if !yield(r.edges.value(i)) {
				return
			}
		}
	}
}

// Terms computes terms under the index's key.
func (x *Index) Terms() Terms { return x.terms }
