package index

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"
)

// A Posting is the rising list of ordinals that have a term, as far as its view
// goes, superseded versions included. It is immutable and safe for several
// goroutines; the zero Posting is empty.
type Posting struct{ view View }

// Len returns the number of ordinals.
func (p Posting) Len() int { return 0 }

// CountVisible returns how many are visible in the view.
func (p Posting) CountVisible() int { return 0 }

// Contains reports whether o is among them.
func (p Posting) Contains(o Ordinal) bool { return false }

// All iterates upwards, over visible and superseded ordinals.
func (p Posting) All() iter.Seq[Ordinal] { return func(func(Ordinal) bool) {} }

// Backward iterates downwards, over visible and superseded ordinals.
func (p Posting) Backward() iter.Seq[Ordinal] { return func(func(Ordinal) bool) {} }

// Bitmap returns a copy that is the caller's.
func (p Posting) Bitmap() *roaring.Bitmap { return nil }

// AddTo adds the ordinals to set, in place.
func (p Posting) AddTo(set *roaring.Bitmap) {}

// Intersect returns what set and the posting share, as a bitmap of the caller's.
// It leaves set alone, and copies neither.
func (p Posting) Intersect(set *roaring.Bitmap) *roaring.Bitmap { return nil }

// RemoveFrom removes the ordinals from set, in place.
func (p Posting) RemoveFrom(set *roaring.Bitmap) {}
