package index

import (
	"math"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// A dense is a row of bits for the results of a scan, one for each number from base on:
// 125 KB for a million. Rows are borrowed from a pool.
type dense struct {
	base  uint32 // the first number of a container of the bitmap that it is to be
	words []uint64
}

var denses = sync.Pool{New: func() any { return new(dense) }}

// borrowDense returns an empty set for numbers from base to top. Its borrower calls
// bitmap or giveBack once.
func borrowDense(base, top uint32) *dense {
	d := denses.Get().(*dense)
	d.base = base &^ math.MaxUint16
	if n := int((top-d.base)>>6) + 1; cap(d.words) < n {
		d.words = make([]uint64, n)
	} else {
		d.words = d.words[:n]
		clear(d.words)
	}
	return d
}

func (d *dense) set(o uint32) {
	o -= d.base
	d.words[o>>6] |= 1 << (o & 63)
}

// has reports whether a number, which may be beyond the top, is set.
func (d *dense) has(o uint32) bool {
	word := int((o - d.base) >> 6)
	return word < len(d.words) && d.words[word]>>(o&63)&1 != 0
}

// bitmap returns the set numbers as a bitmap, which is the caller's, and gives the row
// back.
func (d *dense) bitmap() *roaring.Bitmap {
	b := roaring.New()
	b.FromDense(d.words, true)
	if d.base > 0 {
		b = roaring.AddOffset(b, d.base)
	}
	d.giveBack()
	return b
}

func (d *dense) giveBack() { denses.Put(d) }
