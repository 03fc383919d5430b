package index

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"
)

// A Span holds the smallest and the largest value of a version, for sorting.
type Span[T any] struct{ Min, Max T }

// Texts holds the folded texts of a parameter.
type Texts struct{ view View }

// Texts returns the texts of a parameter.
func (v View) Texts(p Param) Texts { return Texts{} }

// WithPrefix iterates in byte order over the distinct texts that start with
// prefix ("" for all), each with its posting, which may be empty in an old view.
func (t Texts) WithPrefix(prefix string) iter.Seq2[string, Posting] {
	return func(func(string, Posting) bool) {}
}

// Keys iterates upwards over those of set that have a text, with their smallest
// and largest one in byte order.
func (t Texts) Keys(set *roaring.Bitmap) iter.Seq2[Ordinal, Span[string]] {
	return func(func(Ordinal, Span[string]) bool) {}
}
