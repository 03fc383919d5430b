package index

import (
	"math"

	"github.com/RoaringBitmap/roaring/v2"
)

// postingBit tells a posting's number from an ordinal in a payload.
const postingBit = 1 << 31

// A tail is frozen when it is long: then a roaring bitmap is the smaller form, from
// 256 on where the ordinals lie close, as those of one patient do. Each freezing
// copies the bitmap before, which is at most an eighth of a byte an ordinal of the
// index. The upper bound keeps short what every count and intersection has to walk.
const (
	tailClose = 256
	tailMin   = 1024
	tailMax   = 4096
)

// freezes reports whether so many ordinals are better a bitmap than a list. A bitmap
// takes some 60 bytes for each 65,536 ordinals among which there is one.
func freezes(n int, first, last uint32) bool {
	return n >= tailMin || n >= tailClose && int(last>>16-first>>16) < n/64
}

// A postingStore holds the postings of two ordinals and more; the only ordinal
// of a term lies in its payload. Index.mu guards it.
type postingStore struct {
	n        uint32
	postings chunked[storedPosting]
	owners   chunked[Param] // whose the postings are, for Stats
	free     []uint32       // numbers below n that are not in use
}

// noParam is the owner of the postings of types; no param has the number.
const noParam Param = math.MaxUint16

// A storedPosting is a frozen bitmap that never changes and a tail of later
// ordinals that only grows: a copy is a snapshot. One of both is not empty.
type storedPosting struct {
	frozen *roaring.Bitmap
	tail   []uint32
}

// add adds an ordinal, at least as large as any before, to a payload's posting.
func (s *postingStore) add(payload *uint32, o Ordinal, owner Param) {
	switch p := *payload; {
	case p == 0:
		*payload = uint32(o)
	case p&postingBit != 0:
		s.postings.at(p &^ postingBit).add(uint32(o))
	case p != uint32(o):
		*payload = s.insert(storedPosting{tail: []uint32{p, uint32(o)}}, owner)
	}
}

// insert stores a posting and returns its payload.
func (s *postingStore) insert(p storedPosting, owner Param) uint32 {
	number := s.n
	if n := len(s.free) - 1; n >= 0 {
		number, s.free = s.free[n], s.free[:n]
	} else {
		s.n++
		s.postings.grow(s.n)
		s.owners.grow(s.n)
	}
	*s.postings.at(number), *s.owners.at(number) = p, owner
	return number | postingBit
}

// remove frees the number of a posting, of which no payload is left.
func (s *postingStore) remove(number uint32) {
	*s.postings.at(number) = storedPosting{}
	s.free = append(s.free, number)
}

func (p *storedPosting) add(o uint32) {
	n := len(p.tail)
	if n > 0 && p.tail[n-1] == o {
		return
	}
	if n > 0 && n%tailClose == 0 && n >= p.tailLimit() && freezes(n, p.tail[0], o) {
		p.freeze()
		n = 0
	}
	if n == cap(p.tail) {
		// By a quarter, where append would double: most postings are short for good.
		// Those with a bitmap are not.
		room := n/4 + 4
		if p.frozen != nil {
			room = n/2 + 32
		}
		p.tail = append(make([]uint32, 0, (n+room)&^3), p.tail...)
	}
	p.tail = append(p.tail, o)
}

// addMany adds rising ordinals, which are larger than any before. They are copied.
func (p *storedPosting) addMany(ordinals []uint32) {
	if len(ordinals) == 0 {
		return
	}
	n := len(p.tail) + len(ordinals)
	if n > cap(p.tail) {
		room := 3
		if len(p.tail) > 0 { // it grows
			room += n / 4
		}
		p.tail = append(make([]uint32, 0, (n+room)&^3), p.tail...)
	}
	p.tail = append(p.tail, ordinals...)
	if n >= p.tailLimit() && freezes(n, p.tail[0], p.tail[n-1]) {
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
	// A union of two bitmaps, because adding one by one to a run container
	// rebuilds it each time. All containers but the last stay those that they were.
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
