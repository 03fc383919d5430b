package index

import (
	"encoding/binary"
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

// Of roaring's format on disk.
const (
	cookieNoRuns = 12346
	arrayMax     = 4096 // ordinals of a container that is a list
)

// bitmapOfRising makes a bitmap of a rising list: it writes roaring's format and reads
// the bitmap from it, in a tenth of the time of adding one by one.
func bitmapOfRising(list []uint32) *roaring.Bitmap {
	var header, offsets, values []byte
	containers := uint32(0)
	values = make([]byte, 0, 2*len(list))
	for i := 0; i < len(list); {
		high, from := list[i]>>16, i
		for ; i < len(list) && list[i]>>16 == high; i++ {
			values = binary.LittleEndian.AppendUint16(values, uint16(list[i]))
		}
		if i-from > arrayMax {
			return roaring.BitmapOf(list...)
		}
		header = binary.LittleEndian.AppendUint16(header, uint16(high))
		header = binary.LittleEndian.AppendUint16(header, uint16(i-from-1))
		offsets = binary.LittleEndian.AppendUint32(offsets, 0) // not looked at
		containers++
	}
	buf := make([]byte, 0, 8+2*len(header)+len(values))
	buf = binary.LittleEndian.AppendUint32(buf, cookieNoRuns)
	buf = binary.LittleEndian.AppendUint32(buf, containers)
	buf = append(append(append(buf, header...), offsets...), values...)
	set := roaring.New()
	if _, err := set.FromBuffer(buf); err != nil {
		return roaring.BitmapOf(list...)
	}
	return set
}

// bitmapOf makes a bitmap of values in any order, also repeated ones, none larger than
// top. Many values are set as bits in a row, which is faster than to find a container
// for each.
func bitmapOf(values []uint32, top uint32) *roaring.Bitmap {
	if len(values) < int(top)/64 || len(values) < 64 {
		return roaring.BitmapOf(values...)
	}
	set := borrowDense(0, top)
	for _, o := range values {
		set.set(o)
	}
	return set.bitmap()
}
