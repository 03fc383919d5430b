package index

import (
	"iter"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// A DateWindow is a condition on a range [From, To): both ends lie within limits, which
// are included. [AnyDate] is the start for building one; the functions after it serve
// FHIR's prefixes (R4 §3.1.1.4.5).
type DateWindow struct{ FromMin, FromMax, ToMin, ToMax int64 }

// AnyDate holds for every range.
func AnyDate() DateWindow {
	return DateWindow{math.MinInt64, math.MaxInt64, math.MinInt64, math.MaxInt64}
}

// DateWithin holds for ranges within [low, high).
func DateWithin(low, high int64) DateWindow {
	return DateWindow{low, math.MaxInt64, math.MinInt64, high}
}

// DateStartsBefore holds for ranges that begin before t.
func DateStartsBefore(t int64) DateWindow {
	return DateWindow{math.MinInt64, below(t), math.MinInt64, math.MaxInt64}
}

// DateStartsFrom holds for ranges that lie wholly at or after t.
func DateStartsFrom(t int64) DateWindow {
	return DateWindow{t, math.MaxInt64, math.MinInt64, math.MaxInt64}
}

// DateEndsAfter holds for ranges that end after t.
func DateEndsAfter(t int64) DateWindow {
	return DateWindow{math.MinInt64, math.MaxInt64, above(t), math.MaxInt64}
}

// DateEndsBy holds for ranges that lie wholly before t.
func DateEndsBy(t int64) DateWindow {
	return DateWindow{math.MinInt64, math.MaxInt64, math.MinInt64, t}
}

// DateOverlaps holds for ranges that share an instant with [low, high).
func DateOverlaps(low, high int64) DateWindow {
	return DateWindow{math.MinInt64, below(high), above(low), math.MaxInt64}
}

// below and above are the neighbours of an instant; an open end has none.
func below(t int64) int64 { return max(t, math.MinInt64+1) - 1 }

func above(t int64) int64 { return min(t, math.MaxInt64-1) + 1 }

func (w DateWindow) box() box { return box{w.FromMin, w.FromMax, w.ToMin, w.ToMax} }

// boxesOf returns boxes that hold the same ranges together as windows do. A box grows over
// its neighbour where every range that it gains lies in that neighbour: date=ge2015 is
// what ends after the first day or lies within it, so that what begins with 2015 is in one
// box, and a calendar can answer with whole years.
func boxesOf(windows []DateWindow) []box {
	boxes := make([]box, len(windows))
	for i, w := range windows {
		boxes[i] = w.box()
	}
	for i := range boxes {
		for j := range boxes {
			if i != j {
				boxes[i].growOver(&boxes[j])
			}
		}
	}
	kept := boxes[:0]
	for i := range boxes {
		covered := func(v box) bool { return v.covers(&boxes[i]) }
		if !slices.ContainsFunc(kept, covered) && !slices.ContainsFunc(boxes[i+1:], covered) {
			kept = append(kept, boxes[i])
		}
	}
	return kept
}

type dateRange struct{ from, to int64 }

// Dates is the column of a date parameter.
type Dates struct{ entries column[dateRange] }

// Dates returns the dates of a parameter.
func (v View) Dates(p Param) Dates {
	return Dates{snapshot(v, p, func(c *paramColumns) column[dateRange] { return c.dates })}
}

// Len returns the number of values, those of superseded versions included.
func (d Dates) Len() int { return d.entries.n }

// Repeats reports whether an ordinal may have several values.
func (d Dates) Repeats() bool { return d.entries.repeats }

// And returns the window that holds if both windows do, and false if no range fits
// both.
func (w DateWindow) And(v DateWindow) (DateWindow, bool) {
	both := DateWindow{max(w.FromMin, v.FromMin), min(w.FromMax, v.FromMax), max(w.ToMin, v.ToMin), min(w.ToMax, v.ToMax)}
	return both, both.FromMin <= both.FromMax && both.ToMin <= both.ToMax
}

// Match returns the ordinals that have a value in at least one window, among set, or
// among all ordinals if set is nil. Superseded versions are included. The result is the
// caller's.
func (d Dates) Match(set *roaring.Bitmap, windows ...DateWindow) *roaring.Bitmap {
	if d.entries.fewOf(set, datesLookup) {
		return d.matchFew(set, windows)
	}
	boxes := boxesOf(windows)
	var parts []*roaring.Bitmap
	match := func(part column[dateRange], ordered bool) {
		m := dateMatcher{part: part, ordered: ordered}
		m.match(boxes)
		parts = m.appendResult(parts, set)
	}
	full := d.entries.n >> columnBits
	for first, last := range orderedParts(full) {
		match(d.entries.from(first, last-first+1), true)
	}
	if last := d.entries.from(full, 1); last.n > 0 {
		match(last, false)
	}
	return roaring.FastOr(parts...)
}

// Estimate guesses how many dates lie in windows. It counts exactly, except in the
// months at their ends and in entries without a calendar: of these it counts half.
func (d Dates) Estimate(windows ...DateWindow) int {
	boxes := boxesOf(windows)
	full := d.entries.n >> columnBits
	n := (d.entries.n - full<<columnBits) / 2
	for first, last := range orderedParts(full) {
		part := d.entries.from(first, last-first+1)
		c := calendarOf(&part)
		if c.coarse {
			n += part.n / 2
			continue
		}
		n += len(c.loose) + c.estimate(boxes)
	}
	return n
}

// datesLookup is how many dates are searched in the time of looking up one.
const datesLookup = 128

// A dateMatcher collects the ordinals of a part of the column that lie in boxes.
type dateMatcher struct {
	part    column[dateRange]
	ordered bool              // the part has a calendar
	whole   []*roaring.Bitmap // years that lie in a box, not to be changed
	// found are the matches among the entries that were looked at one by one; nil if
	// there are none yet.
	found *dense
}

func (m *dateMatcher) match(boxes []box) {
	if m.ordered {
		if c := calendarOf(&m.part); !c.coarse {
			c.match(m, boxes)
			return
		}
	}
	for i := range boxes {
		b := &boxes[i]
		scan(&m.part, b, func(o Ordinal, r *dateRange) {
			if b.contains(r.from, r.to) {
				m.add(o)
			}
		})
	}
}

// look finds the entries that lie in one of some boxes among positions of the part.
func (m *dateMatcher) look(positions []uint16, boxes []box) {
	for _, i := range positions {
		r := m.part.value(int(i))
		for j := range boxes {
			if boxes[j].contains(r.from, r.to) {
				m.add(m.part.ordinal(int(i)))
				break
			}
		}
	}
}

func (m *dateMatcher) add(o Ordinal) {
	if m.found == nil {
		m.found = borrowDense(uint32(m.part.ordinal(0)), m.part.top())
	}
	m.found.set(uint32(o))
}

// appendResult appends bitmaps whose union is the matches in a set, or all matches if
// set is nil. The bitmaps must not be changed.
func (m *dateMatcher) appendResult(parts []*roaring.Bitmap, set *roaring.Bitmap) []*roaring.Bitmap {
	if m.found != nil {
		m.whole = append(m.whole, m.found.bitmap())
	}
	switch {
	case len(m.whole) == 0:
		return parts
	case set == nil:
		return append(parts, m.whole...)
	case len(m.whole) == 1:
		return append(parts, roaring.And(m.whole[0], set))
	}
	union := roaring.FastOr(m.whole...)
	union.And(set)
	return append(parts, union)
}

// matchFew looks up the entries of a small set.
func (d Dates) matchFew(set *roaring.Bitmap, windows []DateWindow) *roaring.Bitmap {
	var found []uint32
	for o, r := range d.entries.entries(set) {
		for _, w := range windows {
			if b := w.box(); b.contains(r.from, r.to) {
				found = appendRising(found, uint32(o))
				break
			}
		}
	}
	return bitmapOfRising(found)
}

// Keys iterates upwards over the ordinals of set that have a value, with their earliest
// From and latest To.
func (d Dates) Keys(set *roaring.Bitmap) iter.Seq2[Ordinal, Span[int64]] {
	return spans(d.entries, set, func(s *Span[int64], r *dateRange, first bool) {
		if first {
			*s = Span[int64]{r.from, r.to}
			return
		}
		s.Min, s.Max = min(s.Min, r.from), max(s.Max, r.to)
	})
}
