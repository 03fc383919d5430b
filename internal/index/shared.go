package index

import "github.com/RoaringBitmap/roaring/v2"

// shareable makes a bitmap that never changes any more cheap to copy. Unions with it
// then take over its containers as they are, and copy one before they change it:
// roaring's copy on write, whose marks are all set here once, because a reader must
// not write them. Clone still copies everything; copyOf does not.
func shareable(set *roaring.Bitmap) *roaring.Bitmap {
	set.SetCopyOnWrite(true)
	set.Clone() // sets the marks
	set.SetCopyOnWrite(false)
	return set
}

// copyOf returns a copy of a shareable bitmap, which shares its containers.
func copyOf(set *roaring.Bitmap) *roaring.Bitmap {
	shared := roaring.New()
	shared.Or(set)
	return shared
}
