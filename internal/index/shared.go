package index

import "github.com/RoaringBitmap/roaring/v2"

// shareable makes an unchanging bitmap cheap to copy. Unions with it then share its
// containers and copy one before they change it. This is roaring's copy on write; all
// its marks are set here, because a reader must not write them. Clone still copies
// everything; copyOf does not.
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
