package index

import "github.com/RoaringBitmap/roaring/v2"

// postingBit tells a posting's number from an ordinal in a payload.
const postingBit = 1 << 31

// A tail is frozen when it is long: at 1,024 a roaring bitmap is the smaller
// form, and each freezing copies the bitmap before, which is at most an eighth
// of a byte an ordinal of the index. The upper bound keeps short what every
// count and intersection has to walk.
const (
	tailMin = 1024
	tailMax = 4096
)

// A postingStore holds the postings of two ordinals and more; the only ordinal
// of a term lies in its payload. Index.mu guards it.
type postingStore struct {
	n        uint32
	postings chunked[storedPosting]
	free     []uint32 // numbers below n that are not in use
}

// A storedPosting is a frozen bitmap that never changes and a tail of later
// ordinals that only grows: a copy is a snapshot. One of both is not empty.
type storedPosting struct {
	frozen *roaring.Bitmap
	tail   []uint32
}

// add adds an ordinal, at least as large as any before, to a payload's posting.
func (s *postingStore) add(payload *uint32, o Ordinal) {
	switch p := *payload; {
	case p == 0:
		*payload = uint32(o)
	case p&postingBit != 0:
		s.postings.at(p &^ postingBit).add(uint32(o))
	case p != uint32(o):
		*payload = s.insert(storedPosting{tail: []uint32{p, uint32(o)}})
	}
}

// insert stores a posting and returns its payload.
func (s *postingStore) insert(p storedPosting) uint32 {
	if n := len(s.free) - 1; n >= 0 {
		number := s.free[n]
		s.free = s.free[:n]
		*s.postings.at(number) = p
		return number | postingBit
	}
	s.postings.grow(s.n + 1)
	*s.postings.at(s.n) = p
	s.n++
	return s.n - 1 | postingBit
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
	if n > 0 && n%tailMin == 0 && n >= p.tailLimit() {
		p.freeze()
	}
	p.tail = append(p.tail, o)
}

func (p *storedPosting) tailLimit() int {
	if p.frozen == nil {
		return tailMin
	}
	return max(tailMin, min(int(p.frozen.GetCardinality()/16), tailMax))
}

func (p *storedPosting) freeze() {
	// A union of two bitmaps, because adding one by one to a run container
	// rebuilds it each time.
	set := roaring.BitmapOf(p.tail...)
	if p.frozen != nil {
		set = roaring.Or(p.frozen, set)
	}
	set.RunOptimize()
	p.frozen, p.tail = set, nil
}
