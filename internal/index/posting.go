package index

import (
	"iter"
	"slices"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"
)

// A Posting is the rising list of ordinals that have a term, up to its view's last. It
// has superseded versions that were not swept. It is immutable and safe for several
// goroutines; the zero Posting is empty.
type Posting struct {
	view View
	// frozen may go beyond the view; tail and only do not, and come after it.
	frozen *roaring.Bitmap
	tail   []uint32
	only   uint32 // the single ordinal, if there is neither frozen nor tail
	// ofType says that the posting is the one of a type, typ. It keeps all versions, also
	// the versions that sweeps took from other postings.
	ofType bool
	typ    TypeID
}

func newPosting(v View, frozen *roaring.Bitmap, tail []uint32) Posting {
	last := uint32(v.s.last)
	if n := len(tail); n > 0 && tail[n-1] > last {
		tail = tail[:sort.Search(len(tail), func(i int) bool { return tail[i] > last })]
	}
	if frozen != nil && frozen.Minimum() > last {
		frozen = nil
	}
	return Posting{view: v, frozen: frozen, tail: tail}
}

// empty reports whether there are no ordinals.
func (p Posting) empty() bool { return p.only == 0 && len(p.tail) == 0 && p.frozen == nil }

// rest returns the ordinals that are not in frozen. A single ordinal is put into buf.
func (p Posting) rest(buf *[1]uint32) []uint32 {
	if p.only != 0 {
		buf[0] = p.only
		return buf[:]
	}
	return p.tail
}

// Len returns the number of ordinals.
func (p Posting) Len() int {
	if p.only != 0 {
		return 1
	}
	n := len(p.tail)
	if p.frozen != nil {
		n += int(p.frozen.Rank(uint32(p.view.s.last)))
	}
	return n
}

// CountVisible returns how many ordinals are visible in the view.
func (p Posting) CountVisible() int {
	switch {
	case p.only != 0:
		if p.view.Visible(Ordinal(p.only)) {
			return 1
		}
		return 0
	case p.frozen == nil && len(p.tail) == 0:
		return 0
	case !p.view.s.exact:
		return p.view.CountVisible(p.Bitmap())
	case p.ofType && !p.view.x.Purges(): // purged versions have left the posting
		return p.Len() - p.view.s.dead.ofType(p.typ)
	}
	dead := &p.view.s.dead
	n := p.Len()
	if p.frozen != nil {
		n -= dead.countIn(p.frozen, p.ofType)
	}
	if len(p.tail) == 0 {
		return n
	}
	for _, o := range dead.tail {
		if _, ok := slices.BinarySearch(p.tail, o); ok {
			n--
		}
	}
	for _, part := range dead.bitmaps(p.ofType) {
		if part != nil {
			n -= countInTail(part, p.tail)
		}
	}
	return n
}

// countInTail counts the ordinals that dead and a tail share. It walks the shorter of
// the tail and the dead in its range.
func countInTail(dead *roaring.Bitmap, tail []uint32) int {
	n := 0
	first, last := tail[0], tail[len(tail)-1]
	if dead.CardinalityInRange(uint64(first), uint64(last)+1) >= uint64(len(tail)) {
		for _, o := range tail {
			if dead.Contains(o) {
				n++
			}
		}
		return n
	}
	it := dead.Iterator()
	it.AdvanceIfNeeded(first)
	for it.HasNext() {
		o := it.Next()
		if o > last {
			break
		}
		if _, ok := slices.BinarySearch(tail, o); ok {
			n++
		}
	}
	return n
}

// All iterates upwards, over visible and superseded ordinals.
func (p Posting) All() iter.Seq[Ordinal] {
	return func(yield func(Ordinal) bool) {
		if p.frozen != nil {
			for o := range ordinalsOf(p.frozen) {
				if o > p.view.s.last || !yield(o) {
					return
				}
			}
		}
		var only [1]uint32
		for _, o := range p.rest(&only) {
			if !yield(Ordinal(o)) {
				return
			}
		}
	}
}

// Backward iterates downwards from the largest ordinal that is at most from
// ([MaxOrdinal] for all), over visible and superseded ordinals.
func (p Posting) Backward(from Ordinal) iter.Seq[Ordinal] {
	return func(yield func(Ordinal) bool) {
		var only [1]uint32
		rest := p.rest(&only)
		for i := len(rest) - 1; i >= 0; i-- {
			if o := Ordinal(rest[i]); o <= from && !yield(o) {
				return
			}
		}
		if p.frozen == nil {
			return
		}
		from = min(from, p.view.s.last)
		if from >= Ordinal(p.frozen.Maximum()) {
			for it := p.frozen.ReverseIterator(); it.HasNext(); {
				if !yield(Ordinal(it.Next())) {
					return
				}
			}
			return
		}
		// There is no reverse iterator that starts in the middle.
		for o := p.frozen.PreviousValue(uint32(from)); o > 0; o = p.frozen.PreviousValue(uint32(o - 1)) {
			if !yield(Ordinal(o)) {
				return
			}
		}
	}
}

// frozenInView returns frozen, or a copy without ordinals beyond the view.
func (p Posting) frozenInView() *roaring.Bitmap {
	if Ordinal(p.frozen.Maximum()) <= p.view.s.last {
		return p.frozen
	}
	cut := copyOf(p.frozen)
	cut.RemoveRange(uint64(p.view.s.last)+1, 1<<32)
	return cut
}

// Bitmap returns the ordinals as a bitmap, which is the caller's.
func (p Posting) Bitmap() *roaring.Bitmap {
	set := roaring.New()
	p.AddTo(set)
	return set
}

// AddTo adds the ordinals to set, in place.
func (p Posting) AddTo(set *roaring.Bitmap) {
	if p.frozen != nil {
		set.Or(p.frozenInView())
	}
	var only [1]uint32
	if rest := p.rest(&only); len(rest) <= fewAdded {
		set.AddMany(rest)
	} else {
		set.Or(bitmapOfRising(rest))
	}
}

// fewAdded is how many ordinals are added one by one. In a container of runs each costs
// a walk over the container; a bitmap of all costs one walk.
const fewAdded = 4

// Intersect returns the ordinals that set and the posting share, as a bitmap, which is
// the caller's. It does not change set.
func (p Posting) Intersect(set *roaring.Bitmap) *roaring.Bitmap {
	shared := roaring.New()
	if p.frozen != nil {
		shared = roaring.And(p.frozen, set)
		shared.RemoveRange(uint64(p.view.s.last)+1, 1<<32)
	}
	var only [1]uint32
	rest := p.rest(&only)
	if len(rest) > 16 {
		// A bitmap of the tail costs less than a search for each ordinal.
		shared.Or(roaring.And(bitmapOfRising(rest), set))
		return shared
	}
	for _, o := range rest {
		if set.Contains(o) {
			shared.Add(o)
		}
	}
	return shared
}
