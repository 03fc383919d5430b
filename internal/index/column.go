package index

import (
	"iter"
	"slices"
	"sync/atomic"
	"unsafe"

	"github.com/RoaringBitmap/roaring/v2"
)

// A column holds (ordinal, value) entries that rise by ordinal; an ordinal may
// have several. It grows in chunks, which start small. The writer
// appends under Index.mu; a copy of the header is a snapshot that may be read
// without it.
type column[T any] struct {
	chunks []*columnChunk[T]
	n      int
	// repeats says that an ordinal may have several entries.
	repeats bool
}

type columnChunk[T any] struct {
	ordinals []Ordinal
	values   []T                        // nil of a chunk that is packed
	packed   packed[T]                  // nil of one that is not
	order    atomic.Pointer[rangeOrder] // of dates: nil until it is needed
	units    atomic.Pointer[unitOrder]  // of numbers: of the part that ends here, nil until it is needed
	calendar atomic.Pointer[calendar]   // of dates: of the part that ends here, nil until it is needed
	limits   atomic.Pointer[keyLimits]  // of a full chunk, nil until they are needed
}

const (
	columnBits   = 12
	columnChunk0 = 16  // what the first chunk begins with
	columnChunk1 = 512 // and each after it
	columnChunkN = 1 << columnBits
)

func (c *column[T]) add(o Ordinal, v T) {
	c.repeats = c.repeats || c.n > 0 && c.ordinal(c.n-1) == o
	chunk, at := c.n>>columnBits, c.n&(columnChunkN-1)
	switch {
	case chunk == len(c.chunks):
		size := columnChunk1
		if chunk == 0 {
			size = columnChunk0
		}
		c.chunks = append(c.chunks, newColumnChunk[T](size))
	case at == len(c.chunks[chunk].ordinals):
		larger := newColumnChunk[T](2 * at)
		copy(larger.ordinals, c.chunks[chunk].ordinals)
		copy(larger.values, c.chunks[chunk].values)
		// Readers may hold the old list of chunks: it must keep the old chunk.
		c.chunks = slices.Clone(c.chunks)
		c.chunks[chunk] = larger
	}
	c.chunks[chunk].ordinals[at] = o
	c.chunks[chunk].values[at] = v
	c.n++
	if at == columnChunkN-1 {
		c.pack(chunk)
	}
}

// pack packs a chunk that has become full, if its values have such a form.
func (c *column[T]) pack(chunk int) {
	full := c.chunks[chunk]
	if p := pack(full.values); p != nil {
		c.chunks = slices.Clone(c.chunks) // as in add
		c.chunks[chunk] = &columnChunk[T]{ordinals: full.ordinals, packed: p}
	}
}

func newColumnChunk[T any](size int) *columnChunk[T] {
	return &columnChunk[T]{ordinals: make([]Ordinal, size), values: make([]T, size)}
}

// clamp cuts the snapshot after the last entry of an ordinal ≤ last.
func (c column[T]) clamp(last Ordinal) column[T] {
	if c.n > 0 && c.ordinal(c.n-1) > last {
		c.n = c.search(last + 1)
	}
	return c
}

func (c *column[T]) ordinal(i int) Ordinal {
	return c.chunks[i>>columnBits].ordinals[i&(columnChunkN-1)]
}

func (c *column[T]) value(i int) T {
	return c.chunks[i>>columnBits].value(i & (columnChunkN - 1))
}

func (c *columnChunk[T]) value(i int) T {
	if c.packed != nil {
		return c.packed.at(i)
	}
	return c.values[i]
}

// all returns the first n values, for reading only. The values of a packed chunk are
// put into buf.
func (c *columnChunk[T]) all(n int, buf *[]T) []T {
	if c.packed == nil {
		return c.values[:n]
	}
	*buf = slices.Grow((*buf)[:0], n)[:n]
	c.packed.unpack(*buf)
	return *buf
}

// bytes returns the memory of the entries, and of the orders and calendars that
// searches have made.
func (c *column[T]) bytes() int64 {
	var v T
	ordinals, values, made := 0, 0, int64(0)
	for _, chunk := range c.chunks {
		ordinals += len(chunk.ordinals)
		values += len(chunk.values)
		if chunk.packed != nil {
			made += chunk.packed.bytes()
		}
		if order := chunk.order.Load(); order != nil {
			made += int64(len(order.byLow)) * 2
		}
		if order := chunk.units.Load(); order != nil {
			made += order.bytes()
		}
		if calendar := chunk.calendar.Load(); calendar != nil {
			made += calendar.bytes()
		}
	}
	return int64(values)*int64(unsafe.Sizeof(v)) + int64(ordinals)*int64(unsafe.Sizeof(Ordinal(0))) + made
}

// search returns the first position whose ordinal is ≥ o, or n.
func (c *column[T]) search(o Ordinal) int {
	low, high := 0, c.n
	for low < high {
		mid := int(uint(low+high) >> 1)
		if c.ordinal(mid) < o {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// seek is search from a position at or before the answer, fast when it is near.
func (c *column[T]) seek(from int, o Ordinal) int {
	if from >= c.n || c.ordinal(from) >= o {
		return from
	}
	return c.gallop(from, o)
}

func (c *column[T]) gallop(from int, o Ordinal) int {
	// Invariant: the entry at low is before o.
	low, step := from, 1
	for low+step < c.n && c.ordinal(low+step) < o {
		low += step
		step *= 2
	}
	high := min(low+step, c.n)
	low++
	for low < high {
		mid := int(uint(low+high) >> 1)
		if c.ordinal(mid) < o {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// parts iterates over the chunks of the snapshot. The ordinals are those of the entries
// that the snapshot has.
func (c *column[T]) parts() iter.Seq2[[]Ordinal, *columnChunk[T]] {
	return func(yield func([]Ordinal, *columnChunk[T]) bool) {
		for i, chunk := range c.chunks {
			n := min(c.n-i<<columnBits, len(chunk.ordinals))
			if n <= 0 || !yield(chunk.ordinals[:n], chunk) {
				return
			}
		}
	}
}

// top returns the largest ordinal.
func (c *column[T]) top() uint32 {
	if c.n == 0 {
		return 0
	}
	return uint32(c.ordinal(c.n - 1))
}

// from returns a stretch of the column: up to n chunks, from a chunk on.
func (c *column[T]) from(chunk, n int) column[T] {
	if chunk == len(c.chunks) {
		return column[T]{}
	}
	end := min(chunk+n, len(c.chunks))
	return column[T]{c.chunks[chunk:end], min(c.n, end<<columnBits) - chunk<<columnBits, c.repeats}
}

// fewOf reports whether set is so small against the column that looking its entries up
// is faster than a scan. scanned is how many entries a scan passes in the time of one
// look-up.
func (c *column[T]) fewOf(set *roaring.Bitmap, scanned int) bool {
	return set != nil && set.GetCardinality() < uint64(c.n/scanned)
}

// entries iterates over the entries of the ordinals of set, or all if it is nil. A
// value is valid until the next one.
func (c *column[T]) entries(set *roaring.Bitmap) iter.Seq2[Ordinal, *T] {
	return func(yield func(Ordinal, *T) bool) {
		if set == nil {
			var buf []T
			for ordinals, chunk := range c.parts() {
				values := chunk.all(len(ordinals), &buf)
				for i, o := range ordinals {
					if !yield(o, &values[i]) {
						return
					}
				}
			}
			return
		}
		// Without ordinalsOf each of many ordinals costs one function call less.
		var buf [256]uint32
		var value T
		it := set.ManyIterator()
		at := 0
		for n := it.NextMany(buf[:]); n > 0; n = it.NextMany(buf[:]) {
			for _, o := range buf[:n] {
				if at = c.seek(at, Ordinal(o)); at == c.n {
					return
				}
				for ; at < c.n && c.ordinal(at) == Ordinal(o); at++ {
					if value = c.value(at); !yield(Ordinal(o), &value) {
						return
					}
				}
			}
		}
	}
}

// spans iterates over the ordinals of set that have entries. extend gathers the span of
// an ordinal from its entries.
func spans[T, K any](c column[T], set *roaring.Bitmap, extend func(s *Span[K], v *T, first bool)) iter.Seq2[Ordinal, Span[K]] {
	return func(yield func(Ordinal, Span[K]) bool) {
		var last Ordinal
		var span Span[K]
		for o, v := range c.entries(set) {
			if o != last && last != 0 && !yield(last, span) {
				return
			}
			extend(&span, v, o != last)
			last = o
		}
		if last != 0 {
			yield(last, span)
		}
	}
}
