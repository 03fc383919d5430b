package index

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"
)

// A Limit is one end of a condition on a decimal. The zero Limit is none.
type Limit struct {
	// Value is a decimal, with or without exponent; empty is no limit.
	Value string
	// Excluded says that the value itself is beyond the limit.
	Excluded bool
}

// A NumberWindow is a condition on a range [low, high] of decimals: both ends
// within limits. The zero NumberWindow holds for every range.
type NumberWindow struct{ LowMin, LowMax, HighMin, HighMax Limit }

// NumberWithin holds for ranges that lie between two limits.
func NumberWithin(low, high Limit) NumberWindow {
	return NumberWindow{LowMin: low, HighMax: high}
}

// NumberOverlaps holds for ranges that share a number with what lies between
// two limits.
func NumberOverlaps(low, high Limit) NumberWindow {
	return NumberWindow{LowMax: high, HighMin: low}
}

// Numbers is the column of a number or quantity parameter.
type Numbers struct{ view View }

// Numbers returns the numbers and quantities of a parameter.
func (v View) Numbers(p Param) Numbers { return Numbers{} }

// A NumberQuery is a question to a column of numbers.
type NumberQuery struct {
	// Windows are the conditions, of which one must hold.
	Windows []NumberWindow
	// Unit says which units count; nil is all. It is asked once for each
	// distinct unit of the column, not once a value. Numbers without a unit
	// have three empty parts.
	Unit func(system, code, unit string) bool
	// Values returns the values block of an ordinal. It is asked only where a
	// stored number and a limit are equal as float64 and either has more than
	// 15 digits, so that their text decides. Nil takes them for equal.
	Values func(Ordinal) ([]byte, error)
}

// Len returns the number of values, those of superseded versions included.
func (n Numbers) Len() int { return 0 }

// Match returns the ordinals of which at least one value fits q: among those of
// set, or among all if set is nil. Superseded versions are included. The result
// is the caller's.
//
// It reports [ErrNumber] for a limit that is no decimal, and what q.Values
// reports.
func (n Numbers) Match(set *roaring.Bitmap, q NumberQuery) (*roaring.Bitmap, error) { return nil, nil }

// Keys iterates upwards over those of set that have a value, with their smallest
// low and largest high end as float64, whatever their unit; open ends are
// infinite.
func (n Numbers) Keys(set *roaring.Bitmap) iter.Seq2[Ordinal, Span[float64]] {
	return func(func(Ordinal, Span[float64]) bool) {}
}
