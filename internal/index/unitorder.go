package index

import (
	"cmp"
	"iter"
	"slices"
)

// A unitOrder lists the positions of a part of a column of numbers, those of one
// unit together: first the points, by size, then all else, such as ranges. So the
// points of a unit that lie between two limits are neighbours, which a scan adds
// without a look at each; the others, which are few, it looks at one by one.
//
// It is made when the part is scanned first, never changes, and costs two bytes an
// entry and twelve a unit, and for whole a byte an entry at most.
type unitOrder struct {
	positions []uint16
	runs      []unitRun
	// whole has a bit for each ordinal from 64 × word on, set for those of the part:
	// if most match, the others are taken from it. It is nil if an ordinal has several
	// entries, of which one may match, or if they are far apart.
	whole []uint64
	word  int
}

// A unitRun says where the entries in a unit end, and before them its points. They
// begin where those of the unit before end.
type unitRun struct{ unit, points, end uint32 }

// partChunks is how many chunks a unitOrder is of at most: a position takes two
// bytes.
const partChunks = 16

// orderedParts iterates over the first and the last of the chunks that have an order
// together, of the first n. They are as in a Fenwick tree, but for their bound: a
// last chunk has the same first whatever n is, and no order is in vain when the
// column grows. So the units, which one by one are searched, are searched a few
// times, not once a chunk.
func orderedParts(n int) iter.Seq2[int, int] {
	return func(yield func(first, last int) bool) {
		for first := 0; first < n; {
			size := partChunks
			for first%size != 0 || first+size > n {
				size /= 2
			}
			if !yield(first, first+size-1) {
				return
			}
			first += size
		}
	}
}

// unitOrderOf returns the order of some full chunks, which is kept in the last.
func unitOrderOf(chunks []*columnChunk[numberRange]) *unitOrder {
	last := len(chunks) - 1
	order := chunks[last].units.Load()
	if order == nil {
		// Two scans may both make it; either will do.
		order = newUnitOrder(chunks)
		chunks[last].units.Store(order)
		for _, c := range chunks[:last] {
			c.units.Store(nil) // it was of a part of these
		}
	}
	return order
}

// A unitKey is what an entry is ordered by.
type unitKey struct {
	low      image
	unit     uint32 // 2 × its number, and 1 if it is no point
	position uint16
}

func newUnitOrder(chunks []*columnChunk[numberRange]) *unitOrder {
	keys := make([]unitKey, 0, len(chunks)<<columnBits)
	var buf []numberRange
	for _, c := range chunks {
		values := c.all(columnChunkN, &buf)
		for i := range values {
			r := &values[i]
			k := unitKey{r.low(), r.unit &^ inexactBit << 1, uint16(len(keys))}
			if !r.point() {
				k.unit++
			}
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b unitKey) int {
		switch {
		case a.unit != b.unit:
			return cmp.Compare(a.unit, b.unit)
		case a.low != b.low:
			return cmp.Compare(a.low, b.low)
		}
		return int(a.position) - int(b.position) // neighbours in memory are faster to add
	})
	o := &unitOrder{positions: make([]uint16, len(keys))}
	for i, k := range keys {
		o.positions[i] = k.position
		if n := len(o.runs); n == 0 || o.runs[n-1].unit != k.unit>>1 {
			o.runs = append(o.runs, unitRun{k.unit >> 1, uint32(i), 0})
		}
		run := &o.runs[len(o.runs)-1]
		if run.end = uint32(i + 1); k.unit&1 == 0 {
			run.points = run.end
		}
	}
	o.runs = slices.Clip(o.runs)
	o.addWhole(chunks)
	return o
}

func (o *unitOrder) addWhole(chunks []*columnChunk[numberRange]) {
	first, last := chunks[0].ordinals[0], chunks[len(chunks)-1].ordinals[columnChunkN-1]
	o.word = int(first >> 6)
	words := int(last>>6) - o.word + 1
	if words*8 > len(o.positions) {
		return
	}
	o.whole = make([]uint64, words)
	previous := first - 1
	for _, c := range chunks {
		for _, ordinal := range c.ordinals {
			if ordinal == previous {
				o.whole = nil
				return
			}
			o.whole[int(ordinal>>6)-o.word] |= 1 << (ordinal & 63)
			previous = ordinal
		}
	}
}

func (o *unitOrder) bytes() int64 {
	return int64(len(o.positions))*2 + int64(len(o.runs))*12 + int64(len(o.whole))*8
}
