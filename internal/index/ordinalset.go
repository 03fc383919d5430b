package index

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"
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
	d := newDenseSet(top)
	for _, o := range values {
		d.add(o)
	}
	return d.bitmap()
}

// A denseSet collects the results of a scan, a bit for each number up to a top:
// 125 KB at a million.
type denseSet []uint64

func newDenseSet(top uint32) denseSet { return make(denseSet, top/64+1) }

func (d denseSet) add(o uint32) { d[o/64] |= 1 << (o % 64) }

func (d denseSet) has(o uint32) bool { return int(o/64) < len(d) && d[o/64]>>(o%64)&1 != 0 }

// bitmap turns d into a bitmap, which takes it over.
func (d denseSet) bitmap() *roaring.Bitmap {
	set := roaring.New()
	set.FromDense(d, false)
	return set
}
