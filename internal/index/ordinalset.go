package index

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/bits-and-blooms/bitset"
)

// ordinalsOf iterates over a set upwards, in batches: roaring's own iterator
// costs several times as much a value.
func ordinalsOf(set *roaring.Bitmap) iter.Seq[Ordinal] {
	return func(yield func(Ordinal) bool) {
		var buf [256]uint32
		it := set.ManyIterator()
		for n := it.NextMany(buf[:]); n > 0; n = it.NextMany(buf[:]) {
			for _, o := range buf[:n] {
				if !yield(Ordinal(o)) {
					return
				}
			}
		}
	}
}

// bitmapOf makes a bitmap of values in any order and with repetitions, none of
// them larger than top. Many are set as bits in a row, which is faster than to
// find a container for each.
func bitmapOf(values []uint32, top uint32) *roaring.Bitmap {
	if len(values) < int(top)/64 || len(values) < 64 {
		return roaring.BitmapOf(values...)
	}
	set := denseSet(top)
	for _, o := range values {
		set.Set(uint(o))
	}
	return bitmapOfSet(set)
}

// denseSet returns an empty set for the results of a scan, a bit for each number
// up to a top: 125 KB at a million.
func denseSet(top uint32) *bitset.BitSet { return bitset.New(uint(top) + 1) }

// bitmapOfSet turns a set into a bitmap, which takes it over.
func bitmapOfSet(set *bitset.BitSet) *roaring.Bitmap {
	b := roaring.New()
	b.FromDense(set.Words(), false)
	return b
}
