package index

import "github.com/RoaringBitmap/roaring/v2"

// A deadSet holds the ordinals that are not visible any more or never were:
// superseded versions, deletions and holes. Like a posting it is a frozen
// bitmap and a tail, so that a copy is a snapshot; but its tail is in the order
// of deaths, and kept short because every count walks it.
//
// What a sweep has removed is kept apart: no posting and no column has it, so
// that counting them need not look at it, and freezing does not copy it.
type deadSet struct {
	swept  *roaring.Bitmap // nil if there was no sweep
	frozen *roaring.Bitmap
	tail   []uint32
	n      uint32
	// types counts the versions of each type; holes count as type 0. The list does not
	// change any more once it is published.
	types     []uint32
	published bool
}

const deadTail = 128

// add adds a version of a type that is not there yet; last is the index's largest ordinal.
func (d *deadSet) add(o, last Ordinal, typ TypeID) {
	if d.published || int(typ) >= len(d.types) {
		d.types = append(make([]uint32, 0, max(len(d.types), int(typ)+1)), d.types...)
		d.types = d.types[:cap(d.types)]
		d.published = false
	}
	d.types[typ]++
	// Freezing copies up to last/8 bytes: the larger that is, the rarer.
	if len(d.tail) >= deadTail+int(last>>14) {
		set := roaring.New()
		if d.frozen != nil {
			set = copyOf(d.frozen)
		}
		set.AddMany(d.tail)
		d.frozen, d.tail = shareable(set), make([]uint32, 0, deadTail)
	}
	d.tail = append(d.tail, uint32(o))
	d.n++
}

// sweep returns the set with the swept ordinals kept apart. swept has all ordinals that
// were ever swept; the set takes it over.
func (d *deadSet) sweep(swept *roaring.Bitmap) deadSet {
	fresh := roaring.BitmapOf(d.tail...)
	if d.frozen != nil {
		fresh.Or(d.frozen)
	}
	fresh.AndNot(swept)
	return deadSet{swept: swept, frozen: shareable(fresh), n: d.n, types: d.types, published: d.published}
}

// countTypes counts the dead versions of the first n types of an index anew.
func (d *deadSet) countTypes(v View, n int) {
	d.types, d.published = make([]uint32, n), false
	for typ := range d.types {
		d.types[typ] = uint32(d.countIn(v.OfType(TypeID(typ)).Bitmap(), true))
	}
}

// publish returns the set for a state, which it may share memory with from now on.
func (d *deadSet) publish() deadSet {
	d.published = true
	return *d
}

// ofType returns how many versions of a type are dead, swept ones included.
func (d *deadSet) ofType(typ TypeID) int {
	if int(typ) >= len(d.types) {
		return 0
	}
	return int(d.types[typ])
}

// bitmaps returns the set's bitmaps, without the tail, and the swept ordinals only if
// swept is true. A nil bitmap is empty.
func (d *deadSet) bitmaps(swept bool) [2]*roaring.Bitmap {
	if swept {
		return [2]*roaring.Bitmap{d.frozen, d.swept}
	}
	return [2]*roaring.Bitmap{d.frozen}
}

// removeFrom removes the dead from set, in place.
func (d *deadSet) removeFrom(set *roaring.Bitmap) {
	for _, part := range d.bitmaps(true) {
		if part != nil {
			set.AndNot(part)
		}
	}
	for _, o := range d.tail {
		set.Remove(o)
	}
}

// countIn returns how many ordinals of set are dead. swept says that set may have swept
// ordinals.
func (d *deadSet) countIn(set *roaring.Bitmap, swept bool) int {
	n := 0
	for _, part := range d.bitmaps(swept) {
		if part != nil {
			n += int(part.AndCardinality(set))
		}
	}
	for _, o := range d.tail {
		if set.Contains(o) {
			n++
		}
	}
	return n
}

// fresh returns the dead ordinals of set that were not swept, as a new bitmap.
func (d *deadSet) fresh(set *roaring.Bitmap) *roaring.Bitmap {
	shared := roaring.New()
	if d.frozen != nil {
		shared = roaring.And(d.frozen, set)
	}
	for _, o := range d.tail {
		if set.Contains(o) {
			shared.Add(o)
		}
	}
	return shared
}
