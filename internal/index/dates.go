package index

import (
	"iter"
	"math"

	"github.com/RoaringBitmap/roaring/v2"
)

// A DateWindow is a condition on a range [From, To): both ends within limits,
// which are included. [AnyDate] is the start for building one; the functions
// after it are those that FHIR's prefixes need (R4 §3.1.1.4.5).
type DateWindow struct{ FromMin, FromMax, ToMin, ToMax int64 }

// AnyDate holds for every range.
func AnyDate() DateWindow {
	return DateWindow{math.MinInt64, math.MaxInt64, math.MinInt64, math.MaxInt64}
}

// DateWithin holds for ranges that [low, high) contains.
func DateWithin(low, high int64) DateWindow {
	return DateWindow{low, math.MaxInt64, math.MinInt64, high}
}

// DateStartsBefore holds for ranges of which a part is before t.
func DateStartsBefore(t int64) DateWindow {
	return DateWindow{math.MinInt64, t - 1, math.MinInt64, math.MaxInt64}
}

// DateStartsFrom holds for ranges that lie wholly at or after t.
func DateStartsFrom(t int64) DateWindow {
	return DateWindow{t, math.MaxInt64, math.MinInt64, math.MaxInt64}
}

// DateEndsAfter holds for ranges of which a part is at or after t.
func DateEndsAfter(t int64) DateWindow {
	return DateWindow{math.MinInt64, math.MaxInt64, t + 1, math.MaxInt64}
}

// DateEndsBy holds for ranges that lie wholly before t.
func DateEndsBy(t int64) DateWindow {
	return DateWindow{math.MinInt64, math.MaxInt64, math.MinInt64, t}
}

// DateOverlaps holds for ranges that share an instant with [low, high).
func DateOverlaps(low, high int64) DateWindow {
	return DateWindow{math.MinInt64, high - 1, low + 1, math.MaxInt64}
}

// Dates is the column of a date parameter.
type Dates struct{ view View }

// Dates returns the dates of a parameter.
func (v View) Dates(p Param) Dates { return Dates{} }

// Len returns the number of values, those of superseded versions included.
func (d Dates) Len() int { return 0 }

// Match returns the ordinals of which at least one value lies in at least one
// window: among those of set, or among all if set is nil. Superseded versions
// are included. The result is the caller's.
func (d Dates) Match(set *roaring.Bitmap, windows ...DateWindow) *roaring.Bitmap { return nil }

// Keys iterates upwards over those of set that have a value, with their
// earliest From and latest To.
func (d Dates) Keys(set *roaring.Bitmap) iter.Seq2[Ordinal, Span[int64]] {
	return func(func(Ordinal, Span[int64]) bool) {}
}
