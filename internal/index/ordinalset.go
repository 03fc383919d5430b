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
	if len(list) == 0 {
		return roaring.New()
	}
	containers := 0
	for i, o := range list {
		if i == 0 || o>>16 != list[i-1]>>16 {
			containers++
		}
	}
	const head = 8 // cookie and number of containers
	offsets := head + 4*containers
	values := offsets + 4*containers
	buf := make([]byte, values, values+2*len(list))
	binary.LittleEndian.PutUint32(buf, cookieNoRuns)
	binary.LittleEndian.PutUint32(buf[4:], uint32(containers))
	header := buf[head:offsets] // the offsets stay 0: they are not looked at
	for i := 0; i < len(list); header = header[4:] {
		high, from := list[i]>>16, i
		for ; i < len(list) && list[i]>>16 == high; i++ {
			buf = binary.LittleEndian.AppendUint16(buf, uint16(list[i]))
		}
		if i-from > arrayMax {
			return roaring.BitmapOf(list...)
		}
		binary.LittleEndian.PutUint16(header, uint16(high))
		binary.LittleEndian.PutUint16(header[2:], uint16(i-from-1))
	}
	set := roaring.New()
	if _, err := set.FromBuffer(buf); err != nil {
		return roaring.BitmapOf(list...)
	}
	return set
}

// appendRising appends an ordinal to a rising list, unless it is the last one already.
func appendRising(list []uint32, o uint32) []uint32 {
	if n := len(list); n > 0 && list[n-1] == o {
		return list
	}
	return append(list, o)
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
