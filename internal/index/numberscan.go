package index

import (
	"slices"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"
)

// A numberScan finds the matches in a column, one stretch with an order at a time.
type numberScan struct {
	*numberMatcher
	found *dense
	// The full chunks of the part, and their ordinals.
	chunks   []*columnChunk[numberRange]
	ordinals [partChunks]*[columnChunkN]Ordinal
	// The stretches of the order whose entries surely match, and those whose entries
	// must be looked at.
	sure, unsure []stretch
}

// A stretch is a piece of an order.
type stretch struct{ from, to int }

// scan finds the matches of the set in the whole column.
func (m *numberMatcher) scan() (*roaring.Bitmap, error) {
	c := &m.column.entries
	s := numberScan{numberMatcher: m, found: borrowDense(0, c.top())}
	full := c.n >> columnBits
	for first, last := range orderedParts(full) {
		if err := s.part(c.chunks[first : last+1]); err != nil {
			return nil, err
		}
	}
	rest := c.from(full, 1)
	for o, r := range rest.entries(nil) {
		if err := s.look(o, r); err != nil {
			return nil, err
		}
	}
	found := s.found.bitmap()
	if m.set != nil {
		found.And(m.set)
	}
	return found, nil
}

// part finds the matches in full chunks that have an order together.
func (s *numberScan) part(chunks []*columnChunk[numberRange]) error {
	s.chunks = chunks
	for i, c := range chunks {
		s.ordinals[i] = (*[columnChunkN]Ordinal)(c.ordinals)
	}
	order := unitOrderOf(chunks)
	s.sure, s.unsure = s.sure[:0], s.unsure[:0]
	from := 0
	for _, run := range order.runs {
		windows, err := s.windowsOf(run.unit)
		if err != nil {
			return err
		}
		points, end := int(run.points), int(run.end)
		for i := range windows {
			s.points(order.positions, from, points, &windows[i])
		}
		if len(windows) > 0 && points < end {
			s.unsure = append(s.unsure, stretch{points, end})
		}
		from = end
	}
	s.addSure(order)
	for _, t := range s.unsure {
		for _, p := range order.positions[t.from:t.to] {
			r := s.value(p)
			if err := s.look(s.ordinal(p), &r); err != nil {
				return err
			}
		}
	}
	return nil
}

// points notes the points in a window, among the points from from to to in the order,
// which are one unit's.
func (s *numberScan) points(order []uint16, from, to int, w *imageWindow) {
	first, last := max(w.lowMin, w.highMin), min(w.lowMax, w.highMax)
	if !w.inexact {
		from = s.search(order, from, to, first)
		if to = s.searchAfter(order, from, to, last); from < to {
			s.sure = append(s.sure, stretch{from, to})
		}
		return
	}
	// Text decides about points that equal a limit, whose images differ by one at most.
	from = s.search(order, from, to, image(saturatingSub(int64(first), 1)))
	to = s.searchAfter(order, from, to, image(saturatingSub(int64(last), -1)))
	low := from
	if first > imageOpenLow {
		low = s.searchAfter(order, from, to, first)
	}
	high := to
	if last < imageOpenHigh {
		high = s.search(order, low, to, last)
	}
	for _, t := range []stretch{{from, low}, {high, to}} {
		if t.from < t.to {
			s.unsure = append(s.unsure, t)
		}
	}
	if low < high {
		s.sure = append(s.sure, stretch{low, high})
	}
}

// search returns the first of the points of a stretch that is limit or more, or its end.
func (s *numberScan) search(order []uint16, from, to int, limit image) int {
	if limit == imageOpenLow {
		return from
	}
	return from + sort.Search(to-from, func(i int) bool {
		r := s.value(order[from+i])
		return r.low() >= limit
	})
}

// searchAfter returns the first of the points of a stretch that is more than limit,
// or its end.
func (s *numberScan) searchAfter(order []uint16, from, to int, limit image) int {
	if limit == imageOpenHigh {
		return to
	}
	return s.search(order, from, to, limit+1)
}

// addSure adds the entries that match for sure. If they are most of the part, it
// adds the whole and takes the others out again.
func (s *numberScan) addSure(order *unitOrder) {
	n := 0
	for _, t := range s.sure {
		n += t.to - t.from
	}
	words := s.found.words
	if order.whole == nil || n < len(order.positions)/2 {
		for _, t := range s.sure {
			for _, p := range order.positions[t.from:t.to] {
				o := s.ordinal(p)
				words[o>>6] |= 1 << (o & 63)
			}
		}
		return
	}
	// The first ordinal may have an entry in the part before too.
	first := uint32(s.ordinals[0][0])
	found := s.found.has(first)
	for i, w := range order.whole {
		words[order.word+i] |= w
	}
	slices.SortFunc(s.sure, func(a, b stretch) int { return a.from - b.from })
	at := 0
	for _, t := range append(s.sure, stretch{from: len(order.positions)}) {
		for ; at < t.from; at++ {
			o := s.ordinal(order.positions[at])
			words[o>>6] &^= 1 << (o & 63)
		}
		at = max(at, t.to)
	}
	if found {
		s.found.set(first)
	}
}

func (s *numberScan) value(position uint16) numberRange {
	return s.chunks[position>>columnBits].value(int(position % columnChunkN))
}

func (s *numberScan) ordinal(position uint16) Ordinal {
	return s.ordinals[position>>columnBits][position%columnChunkN]
}

// look adds an entry if it matches.
func (s *numberScan) look(o Ordinal, r *numberRange) error {
	ok, err := s.match(o, r)
	if ok {
		s.found.set(uint32(o))
	}
	return err
}
