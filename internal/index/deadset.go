package index

import "github.com/RoaringBitmap/roaring/v2"

// A deadSet holds the ordinals that are not visible any more or never were:
// superseded versions, deletions and holes. Like a posting it is a frozen
// bitmap and a tail, so that a copy is a snapshot; but its tail is in the order
// of deaths, and kept short because every count walks it.
type deadSet struct {
	frozen *roaring.Bitmap
	tail   []uint32
}

const deadTail = 128

// add adds an ordinal that is not there yet; last is the index's largest.
func (d *deadSet) add(o, last Ordinal) {
	// Freezing copies up to last/8 bytes: the larger that is, the rarer.
	if len(d.tail) >= deadTail+int(last>>14) {
		set := roaring.New()
		if d.frozen != nil {
			set = d.frozen.Clone()
		}
		set.AddMany(d.tail)
		d.frozen, d.tail = set, make([]uint32, 0, deadTail)
	}
	d.tail = append(d.tail, uint32(o))
}

func (d *deadSet) len() int {
	n := len(d.tail)
	if d.frozen != nil {
		n += int(d.frozen.GetCardinality())
	}
	return n
}

// removeFrom removes the dead from set, in place.
func (d *deadSet) removeFrom(set *roaring.Bitmap) {
	if d.frozen != nil {
		set.AndNot(d.frozen)
	}
	for _, o := range d.tail {
		set.Remove(o)
	}
}

// countIn returns how many of set are dead.
func (d *deadSet) countIn(set *roaring.Bitmap) int {
	n := 0
	if d.frozen != nil {
		n = int(d.frozen.AndCardinality(set))
	}
	for _, o := range d.tail {
		if set.Contains(o) {
			n++
		}
	}
	return n
}

// intersect returns the dead of set as a new bitmap.
func (d *deadSet) intersect(set *roaring.Bitmap) *roaring.Bitmap {
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
