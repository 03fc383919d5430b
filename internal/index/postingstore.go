package index

import (
	"math"

	"github.com/RoaringBitmap/roaring/v2"
)

// postingBit tells a posting's number from an ordinal in a payload.
const postingBit = 1 << 31

// A long tail is frozen, since a roaring bitmap is then the smaller form: from 256
// ordinals on if they lie close, as the ordinals of one patient do. Each freezing
// copies the bitmap before, at most an eighth of a byte an ordinal of the index. The
// upper bound keeps the tail short, since every count and intersection walks it.
const (
	tailClose = 256
	tailMin   = 1024
	tailMax   = 4096
)

// freezes reports whether n ordinals are smaller as a bitmap than as a list. A bitmap
// takes some 60 bytes for each 65,536 ordinals among which there is one.
func freezes(n int, first, last uint32) bool {
	return n >= tailMin || n >= tailClose && int(last>>16-first>>16) < n/64
}

// A postingStore holds the postings of two ordinals and more; a single ordinal lies in
// the payload itself. Index.mu guards it.
type postingStore struct {
	n        uint32
	postings chunked[storedPosting]
	owners   chunked[Param] // whose the postings are, for Stats
	free     []uint32       // numbers below n that are not in use
}

// noParam is the owner of the postings of types; no param has the number.
const noParam Param = math.MaxUint16

// A storedPosting is a frozen bitmap that never changes and a tail of later ordinals
// that only grows: a copy is a snapshot. At least one of both is not empty.
type storedPosting struct {
	frozen *roaring.Bitmap
	tail   []uint32
}

// numbers gives numbers to new postings.
type numbers interface{ number() uint32 }

// number takes a free number, or the next one.
func (s *postingStore) number() uint32 {
	if n := len(s.free) - 1; n >= 0 {
		number := s.free[n]
		s.free = s.free[:n]
		return number
	}
	s.n++
	s.postings.grow(s.n)
	s.owners.grow(s.n)
	return s.n - 1
}

// addMany adds rising ordinals, one at least and the first at least as large as any
// before, to a payload's posting. It copies them, and reports whether the payload was
// empty.
func (s *postingStore) addMany(payload *uint32, ordinals []uint32, owner Param, from numbers) (first bool) {
	p := *payload
	if p&postingBit != 0 {
		s.postings.at(p &^ postingBit).addMany(ordinals)
		return false
	}
	if p == ordinals[0] {
		ordinals = ordinals[1:]
	}
	if p == 0 && len(ordinals) == 1 {
		*payload = ordinals[0]
		return true
	}
	if len(ordinals) == 0 {
		return false
	}
	number := from.number()
	posting := s.postings.at(number)
	posting.tail = make([]uint32, 0, (len(ordinals)+2)&^1) // most stay so short
	if p != 0 {
		posting.tail = append(posting.tail, p)
	}
	posting.addMany(ordinals)
	*s.owners.at(number), *payload = owner, number|postingBit
	return p == 0
}

// remove frees the number of a posting to which no payload leads any more.
func (s *postingStore) remove(number uint32) {
	*s.postings.at(number) = storedPosting{}
	s.free = append(s.free, number)
}

// addMany adds rising ordinals, the first at least as large as any before. It copies
// them.
func (p *storedPosting) addMany(ordinals []uint32) {
	before := len(p.tail)
	if before > 0 && p.tail[before-1] == ordinals[0] ||
		before == 0 && p.frozen != nil && p.frozen.Maximum() == ordinals[0] {
		if ordinals = ordinals[1:]; len(ordinals) == 0 {
			return
		}
	}
	n := before + len(ordinals)
	if n > cap(p.tail) {
		// The room grows by a quarter, since most postings stay short; append would
		// double it. A posting with a bitmap does not stay short.
		room := before/4 + 4
		if p.frozen != nil {
			room = before/2 + 32
		}
		p.tail = append(make([]uint32, 0, max(n+3, before+room)&^3), p.tail...)
	}
	p.tail = append(p.tail, ordinals...)
	if n/tailClose > before/tailClose && n >= p.tailLimit() && freezes(n, p.tail[0], p.tail[n-1]) {
		p.freeze()
	}
}

func (p *storedPosting) tailLimit() int {
	if p.frozen == nil {
		return tailClose
	}
	return max(tailClose, min(int(p.frozen.GetCardinality()/8), tailMax))
}

func (p *storedPosting) freeze() {
	// It is a union of two bitmaps, because adding one by one to a run container
	// rebuilds it each time. All containers but the last are shared with the old
	// bitmap.
	set := bitmapOfRising(p.tail)
	if p.frozen == nil {
		set.RunOptimize()
	} else {
		full := set.Maximum()>>16 > p.frozen.Maximum()>>16
		if set = roaring.Or(p.frozen, set); full {
			set.RunOptimize()
		}
	}
	p.frozen, p.tail = shareable(set), nil
}
