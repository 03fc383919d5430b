package index

import (
	"cmp"
	"iter"
	"slices"
)

// A unitOrder lists the positions of a part of a column of numbers, unit by unit: first
// the unit's points, by size, then its other entries, such as ranges. So the points of
// a unit between two limits are neighbours, and a scan adds them without a look at
// each. It looks at the other entries, which are few, one by one.
//
// It is made when the part is scanned first and never changes. It costs two bytes an
// entry, twelve bytes a unit, and for whole a byte an entry at most.
type unitOrder struct {
	positions []uint16
	runs      []unitRun
	// whole has a bit for each ordinal from 64 × word on, set for the ordinals of the
	// part. If most of them match, the others are taken out of a copy. It is nil if an
	// ordinal has several entries, since only one may match, or if the ordinals are far
	// apart.
	whole []uint64
	word  int
}

// A unitRun says where the points and then all entries of a unit end. They begin at the
// end of the unit before.
type unitRun struct{ unit, points, end uint32 }

// partChunks is how many chunks a unitOrder is of at most: a position takes two
// bytes.
const partChunks = 16

// orderedParts cuts the first n chunks into parts that have an order together, and
// iterates over the first and the last chunk of each. They are as in a Fenwick tree,
// but bounded by partChunks: the part of a last chunk is the same for every n, so that
// no order is wasted when the column grows. So the units are searched once a part, not
// once a chunk.
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

// unitOrderOf returns the order of some full chunks. The last chunk keeps it.
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

// A unitKey is an entry's place in a unitOrder.
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
