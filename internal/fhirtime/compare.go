package fhirtime

import "cmp"

// The widest offsets of a time zone, in microseconds: a time without a zone may
// be as much earlier or later.
const (
	farthestEast = 14 * hour
	farthestWest = 12 * hour
)

// Compare orders a and b as FHIRPath does (FHIRPath N1 §6.2, §6.1.1): -1, 0 or 1, and
// false if the order is open: by their precision, or since only one of them has a zone.
// Seconds and their fraction are one precision. A date and a time of day cannot be
// ordered.
func Compare(a, b Time) (order int, ok bool) {
	if a.TimeOfDay() != b.TimeOfDay() {
		return 0, false
	}
	aLow, aHigh := a.bounds(b)
	bLow, bHigh := b.bounds(a)
	switch {
	case a.Zoned == b.Zoned && a.Precision >= Second && b.Precision >= Second:
		return cmp.Or(cmp.Compare(aLow, bLow), cmp.Compare(a.Nanoseconds%1000, b.Nanoseconds%1000)), true
	case aHigh <= bLow:
		return -1, true
	case bHigh <= aLow:
		return 1, true
	default:
		return 0, a.Zoned == b.Zoned && a.Precision == b.Precision
	}
}

// bounds returns t's range in UTC, widened by every possible zone where only the
// other has one. Years, months and days are compared as written.
func (t Time) bounds(other Time) (low, high int64) {
	low, high = t.Range(nil)
	if !t.Zoned && other.Zoned {
		low, high = low-farthestEast, high+farthestWest
	}
	return low, high
}
