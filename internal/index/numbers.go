package index

import (
	"fmt"
	"iter"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/decimal"
)

// A Limit is one end of a condition on a decimal. The zero Limit is none.
type Limit struct {
	// Value is a decimal, with or without exponent; empty is no limit.
	Value string
	// Excluded says that the value itself lies outside.
	Excluded bool
}

// A NumberWindow is a condition on a range [low, high] of decimals: both ends
// within limits. The zero NumberWindow holds for every range.
type NumberWindow struct{ LowMin, LowMax, HighMin, HighMax Limit }

// NumberWithin holds for ranges that lie between two limits.
func NumberWithin(low, high Limit) NumberWindow {
	return NumberWindow{LowMin: low, HighMax: high}
}

// NumberOverlaps holds for ranges that share a number with the range between two
// limits.
func NumberOverlaps(low, high Limit) NumberWindow {
	return NumberWindow{LowMax: high, HighMin: low}
}

// A NumberQuery is a question to a column of numbers.
type NumberQuery struct {
	// Windows are the conditions for numbers in every unit. One of them must hold.
	Windows []NumberWindow
	// InUnit, if not nil, returns the conditions for numbers in one unit instead, with
	// limits in that unit; no condition leaves the unit out. It is called once for each
	// unit of the column, and again for values whose text decides. A number without a
	// unit has three empty arguments.
	InUnit func(system, code, unit string) ([]NumberWindow, error)
	// Values returns the values block of an ordinal. It is called only if a stored
	// number and a limit are equal as float64 and one of them has more than 15 digits,
	// so that their text decides. If Values is nil, they count as equal.
	Values func(Ordinal) ([]byte, error)
}

// A numberRange packs two images and a unit into 20 bytes.
type numberRange struct {
	lowHigh, lowLow   uint32
	highHigh, highLow uint32
	unit              uint32 // number of the unit, 0 for none, with inexactBit
}

// inexactBit says that another decimal may have the same image as an end.
const inexactBit = 1 << 31

func newNumberRange(low, high image, unit uint32, inexact bool) numberRange {
	if inexact {
		unit |= inexactBit
	}
	return numberRange{uint32(low >> 32), uint32(low), uint32(high >> 32), uint32(high), unit}
}

func (r *numberRange) low() image {
	return image(uint64(r.lowHigh)<<32 | uint64(r.lowLow))
}

func (r *numberRange) high() image {
	return image(uint64(r.highHigh)<<32 | uint64(r.highLow))
}

// point reports whether both ends are one number, and the image is exact.
func (r *numberRange) point() bool {
	return r.low() == r.high() && r.unit&inexactBit == 0
}

// A unitStore numbers units, from 1. Index.mu guards it; a copy of units is a
// snapshot.
type unitStore struct {
	numbers map[digest]uint32
	units   []storedUnit
}

type storedUnit struct{ system, code, text string }

func (s *unitStore) number(u *preparedUnit) uint32 {
	if n, ok := s.numbers[u.key]; ok {
		return n
	}
	if s.numbers == nil {
		s.numbers = make(map[digest]uint32)
	}
	s.units = append(s.units, storedUnit{strings.Clone(u.system), strings.Clone(u.code), strings.Clone(u.text)})
	n := uint32(len(s.units))
	s.numbers[u.key] = n
	return n
}

// Numbers is the column of a number or quantity parameter.
type Numbers struct {
	param   Param
	entries column[numberRange]
	units   []storedUnit
}

// Numbers returns the numbers and quantities of a parameter.
func (v View) Numbers(p Param) Numbers {
	entries := snapshot(v, p, func(c *paramColumns) column[numberRange] { return c.numbers })
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	return Numbers{p, entries, v.x.mu.units.units}
}

// Len returns the number of values, those of superseded versions included.
func (n Numbers) Len() int { return n.entries.n }

// Match returns the ordinals that have a value that fits q, among set, or among all
// ordinals if set is nil. Superseded versions are included. The result is the caller's.
//
// It reports [ErrNumber] for a limit that is no decimal, and the errors of q.InUnit and
// q.Values.
func (n Numbers) Match(set *roaring.Bitmap, q NumberQuery) (*roaring.Bitmap, error) {
	m := numberMatcher{column: n, query: q, set: set, units: make([]unitWindows, len(n.units)+1)}
	if n.entries.fewOf(set, 32) {
		return m.matchFew()
	}
	return m.scan()
}

// Keys iterates upwards over the ordinals of set that have a value, with their smallest
// low and largest high end as float64, in any unit; open ends are infinite.
func (n Numbers) Keys(set *roaring.Bitmap) iter.Seq2[Ordinal, Span[float64]] {
	return spans(n.entries, set, func(s *Span[float64], r *numberRange, first bool) {
		low, high := r.low().float(), r.high().float()
		if first {
			*s = Span[float64]{low, high}
			return
		}
		s.Min, s.Max = min(s.Min, low), max(s.Max, high)
	})
}

// A numberMatcher evaluates a query over one column.
type numberMatcher struct {
	column Numbers
	query  NumberQuery
	set    *roaring.Bitmap // that is asked for; nil for all
	units  []unitWindows   // by number of unit
}

// matchFew looks up the entries of a small set.
func (m *numberMatcher) matchFew() (*roaring.Bitmap, error) {
	var found []uint32
	for o, r := range m.column.entries.entries(m.set) {
		ok, err := m.match(o, r)
		if err != nil {
			return nil, err
		}
		if ok {
			found = appendRising(found, uint32(o))
		}
	}
	return bitmapOfRising(found), nil
}

// match reports whether an entry fits. For an ordinal outside the set the answer does
// not matter, and its text is not read.
func (m *numberMatcher) match(o Ordinal, r *numberRange) (bool, error) {
	windows, err := m.windowsOf(r.unit &^ inexactBit)
	if err != nil {
		return false, err
	}
	low, high := r.low(), r.high()
	found := false
	for i := range windows {
		w := &windows[i]
		// Checked before the rest: at a tie the images do not decide.
		if (w.inexact || r.unit&inexactBit != 0) && w.ties(low, high) && m.query.Values != nil {
			if m.set != nil && !m.set.Contains(uint32(o)) {
				return false, nil
			}
			return m.exact(o)
		}
		found = found || w.contains(low, high)
	}
	return found, nil
}

// exact decides by the values of an ordinal as text.
func (m *numberMatcher) exact(o Ordinal) (bool, error) {
	block, err := m.query.Values(o)
	if err != nil {
		return false, err
	}
	entries, err := Decode(nil, block)
	if err != nil {
		return false, err
	}
	for i := range entries {
		e := &entries[i]
		if e.Param != m.column.param || e.Kind != KindNumber && e.Kind != KindQuantity {
			continue
		}
		windows, err := m.query.inUnit(e.System, e.Code, e.Unit)
		if err != nil {
			return false, err
		}
		for _, w := range windows {
			if w.Contains(e.Low, e.High) {
				return true, nil
			}
		}
	}
	return false, nil
}

// An imageWindow is a NumberWindow as images, all of them included.
type imageWindow struct {
	lowMin, lowMax, highMin, highMax image
	inexact                          bool // of a limit
	lowTies, highTies                [2]image
}

func newImageWindow(w *NumberWindow) (imageWindow, error) {
	iw := imageWindow{lowMin: imageOpenLow, lowMax: imageOpenHigh, highMin: imageOpenLow, highMax: imageOpenHigh}
	for i := range iw.lowTies {
		// No stored end equals both: an open low end is never an open high end.
		iw.lowTies[i], iw.highTies[i] = imageOpenHigh, imageOpenLow
	}
	limits := [...]struct {
		limit Limit
		dst   *image
		tie   *image
		step  image // to the next image within
	}{
		{w.LowMin, &iw.lowMin, &iw.lowTies[0], 1},
		{w.LowMax, &iw.lowMax, &iw.lowTies[1], -1},
		{w.HighMin, &iw.highMin, &iw.highTies[0], 1},
		{w.HighMax, &iw.highMax, &iw.highTies[1], -1},
	}
	for _, l := range limits {
		if l.limit.Value == "" {
			continue
		}
		im, inexact, err := imageOf(l.limit.Value)
		if err != nil {
			return iw, fmt.Errorf("%w: limit", err)
		}
		*l.dst, *l.tie = im, im
		if l.limit.Excluded {
			*l.dst += l.step
		}
		iw.inexact = iw.inexact || inexact
	}
	return iw, nil
}

func (w *imageWindow) contains(low, high image) bool {
	return w.lowMin <= low && low <= w.lowMax && w.highMin <= high && high <= w.highMax
}

func (w *imageWindow) ties(low, high image) bool {
	return low == w.lowTies[0] || low == w.lowTies[1] || high == w.highTies[0] || high == w.highTies[1]
}

// Contains reports whether the condition holds for a range. Its ends are decimals; empty
// ones are open.
func (w *NumberWindow) Contains(low, high string) bool {
	return (low == "" && w.LowMin.Value == "" || low != "" && w.LowMin.below(low)) &&
		(low == "" || w.LowMax.above(low)) &&
		(high == "" || w.HighMin.below(high)) &&
		(high == "" && w.HighMax.Value == "" || high != "" && w.HighMax.above(high))
}

// below reports whether the limit, as a lower one, allows a value.
func (l Limit) below(value string) bool {
	c, ok := l.compare(value)
	return !ok || c < 0 || c == 0 && !l.Excluded
}

// above reports whether the limit, as an upper one, allows a value.
func (l Limit) above(value string) bool {
	c, ok := l.compare(value)
	return !ok || c > 0 || c == 0 && !l.Excluded
}

// compare compares the limit with a value; ok is false if there is no limit.
func (l Limit) compare(value string) (c int, ok bool) {
	if l.Value == "" {
		return 0, false
	}
	a, _ := decimal.Parse(l.Value)
	b, _ := decimal.Parse(value)
	return a.Compare(b), true
}
