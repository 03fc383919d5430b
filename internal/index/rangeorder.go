package index

import (
	"cmp"
	"math"
	"slices"
)

// A box is a condition on both ends of a range, limits included.
type box struct{ lowMin, lowMax, highMin, highMax int64 }

// growOver lets b have all upper ends that v has, where v has all lower ends of b and
// their upper ends touch.
func (b *box) growOver(v *box) {
	if v.lowMin <= b.lowMin && b.lowMax <= v.lowMax && v.highMin <= above(b.highMax) && b.highMin <= above(v.highMax) {
		b.highMin, b.highMax = min(b.highMin, v.highMin), max(b.highMax, v.highMax)
	}
}

// covers reports whether b has all ranges that v has.
func (b *box) covers(v *box) bool {
	return b.lowMin <= v.lowMin && v.lowMax <= b.lowMax && b.highMin <= v.highMin && v.highMax <= b.highMax
}

func (b *box) contains(low, high int64) bool {
	return b.lowMin <= low && low <= b.lowMax && b.highMin <= high && high <= b.highMax
}

// A rangeOrder lists the dates of a full chunk by their lower end. It is made when a
// chunk is scanned first and costs two bytes an entry. Afterwards a scan looks only at
// likely matches: a search for a year takes the time of the year's entries.
type rangeOrder struct {
	byLow []uint16
	// The least and the largest width, high − low, saturated. By them, limits of a box
	// on the upper end limit the lower end.
	minWidth, maxWidth int64
}

func newRangeOrder(values []dateRange) *rangeOrder {
	o := &rangeOrder{make([]uint16, len(values)), math.MaxInt64, math.MinInt64}
	for i := range values {
		o.byLow[i] = uint16(i)
		width := saturatingSub(values[i].to, values[i].from)
		o.minWidth, o.maxWidth = min(o.minWidth, width), max(o.maxWidth, width)
	}
	slices.SortFunc(o.byLow, func(a, b uint16) int {
		return cmp.Compare(values[a].from, values[b].from)
	})
	return o
}

// orderOf returns the order of a full chunk.
func orderOf(c *columnChunk[dateRange]) *rangeOrder {
	order := c.order.Load()
	if order == nil {
		// Two scans may both make it; either will do.
		var buf []dateRange
		order = newRangeOrder(c.all(columnChunkN, &buf))
		c.order.Store(order)
	}
	return order
}

// lowRange returns the lower ends that a range in b can have.
func (o *rangeOrder) lowRange(b *box) (first, last int64) {
	first, last = b.lowMin, b.lowMax
	// A saturated width bounds nothing.
	if o.maxWidth < math.MaxInt64 {
		first = max(first, saturatingSub(b.highMin, o.maxWidth))
	}
	if o.minWidth > math.MinInt64 {
		last = min(last, saturatingSub(b.highMax, o.minWidth))
	}
	return first, last
}

func saturatingSub(a, b int64) int64 {
	d := a - b
	switch {
	case b < 0 && d < a:
		return math.MaxInt64
	case b > 0 && d > a:
		return math.MinInt64
	}
	return d
}

// candidates returns positions of a chunk's first n entries that include every entry in
// b. all says that any entry may lie in b; positions is then empty.
func candidates(c *columnChunk[dateRange], n int, b *box) (positions []uint16, all bool) {
	if n < columnChunkN {
		return nil, true
	}
	order := orderOf(c)
	first, last := order.lowRange(b)
	i, _ := slices.BinarySearchFunc(order.byLow, first, func(p uint16, t int64) int {
		return cmp.Compare(c.value(int(p)).from, t)
	})
	rest := order.byLow[i:]
	n, _ = slices.BinarySearchFunc(rest, last, func(p uint16, t int64) int {
		if c.value(int(p)).from <= t {
			return -1
		}
		return 1
	})
	if n > columnChunkN/2 {
		return nil, true
	}
	return rest[:n], false
}

// scan calls visit for the entries that may lie in b, chunk by chunk, in no
// order within one. A value is good until the next one.
func scan(c *column[dateRange], b *box, visit func(o Ordinal, v *dateRange)) {
	var buf []dateRange
	var value dateRange
	for ordinals, chunk := range c.parts() {
		positions, all := candidates(chunk, len(ordinals), b)
		if all {
			values := chunk.all(len(ordinals), &buf)
			for i, o := range ordinals {
				visit(o, &values[i])
			}
			continue
		}
		for _, i := range positions {
			value = chunk.value(int(i))
			visit(ordinals[i], &value)
		}
	}
}
