package index

import (
	"cmp"
	"slices"
	"time"
	"unsafe"

	"github.com/RoaringBitmap/roaring/v2"
)

// A calendar sorts the entries of a part of a column of dates, as [orderedParts] has
// them, by year and by month (UTC). It is made when the part is searched first and never
// changes. To a window it answers with a bitmap for each year that lies in it; of the
// months at its ends, entries are looked at one by one.
//
// An entry belongs to the year and the month in which it begins. One that does
// not end there too is kept apart.
//
// A calendar costs about four bytes an entry. A bitmap for each month as well
// would not be faster: to unite twelve takes longer than to go through a list.
type calendar struct {
	years []*calendarYear // rising
	// loose are the positions of entries that begin in no year, or end no later than
	// they begin.
	loose []uint16
	// coarse says that the calendar is of no use, since it keeps too many entries
	// apart.
	coarse bool
}

type calendarYear struct {
	calendarSpan
	within *roaring.Bitmap // the ordinals of entries that begin and end in it
	n      int             // how many entries these are
	months [12]calendarMonth
	// The positions of entries that cross the end of the year, and of entries that only
	// cross the end of a month.
	beyondYear, beyondMonth []uint16
}

type calendarMonth struct {
	calendarSpan
	within []uint16 // the positions of entries that begin and end in it
}

// A calendarSpan is the time of a year or a month.
type calendarSpan struct{ from, to int64 }

// The first instant of year 1 and of year 10,000, between which FHIR's dates lie.
const (
	calendarFrom = -62_135_596_800 * microsPerSecond
	calendarTo   = 253_402_300_800 * microsPerSecond
)

// Beyond these limits a calendar is coarse: open and long periods make it slow, and
// years of few entries make it large.
const (
	calendarApart = 16 // of so many entries one may be kept apart
	calendarYears = 64 // a chunk, and in all
	calendarMost  = 256
)

// calendarOf returns the calendar of a part of full chunks, which is kept in the last.
func calendarOf(part *column[dateRange]) *calendar {
	last := len(part.chunks) - 1
	c := part.chunks[last].calendar.Load()
	if c == nil {
		// Two searches may both make it; either will do.
		c = newCalendar(part)
		part.chunks[last].calendar.Store(c)
		for _, chunk := range part.chunks[:last] {
			chunk.calendar.Store(nil) // it was of a part of these
		}
	}
	return c
}

func newCalendar(part *column[dateRange]) *calendar {
	c := new(calendar)
	years := make(map[int]*yearBuilder)
	var year *yearBuilder
	var month time.Month
	apart := 0
	for i := range part.n {
		r := part.value(i)
		if r.from < calendarFrom || r.from >= calendarTo || r.to <= r.from {
			c.loose = append(c.loose, uint16(i))
			apart++
			continue
		}
		if year == nil || !year.months[month-time.January].begins(r) {
			var n int
			n, month, _ = time.UnixMicro(r.from).UTC().Date()
			if year = years[n]; year == nil {
				year = newYearBuilder(n)
				years[n] = year
			}
		}
		if !year.add(int(month-time.January), uint16(i), part.ordinal(i), r) {
			apart++
		}
	}
	if apart > part.n/calendarApart || len(years) > min(calendarMost, calendarYears*len(part.chunks)) {
		return &calendar{coarse: true}
	}
	for _, y := range years {
		c.years = append(c.years, y.finish())
	}
	slices.SortFunc(c.years, func(a, b *calendarYear) int { return cmp.Compare(a.from, b.from) })
	return c
}

// A yearBuilder collects ordinals and makes a bitmap of them at the end: that is
// several times faster than adding them one by one.
type yearBuilder struct {
	calendarYear
	ordinals []uint32
}

func newYearBuilder(year int) *yearBuilder {
	start := func(month int) int64 {
		return time.Date(year, time.January+time.Month(month), 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	}
	y := new(yearBuilder)
	y.from, y.to = start(0), start(12)
	for m := range y.months {
		y.months[m].from, y.months[m].to = start(m), start(m+1)
	}
	return y
}

// add adds an entry that begins in a month, from 0, and reports whether it ends
// there too.
func (y *yearBuilder) add(month int, position uint16, o Ordinal, r dateRange) bool {
	if !y.ends(r) {
		y.beyondYear = append(y.beyondYear, position)
		return false
	}
	y.ordinals = append(y.ordinals, uint32(o))
	m := &y.months[month]
	if !m.ends(r) {
		y.beyondMonth = append(y.beyondMonth, position)
		return false
	}
	m.within = append(m.within, position)
	return true
}

func (y *yearBuilder) finish() *calendarYear {
	year := y.calendarYear
	year.n = len(y.ordinals)
	year.within = shareable(roaring.BitmapOf(y.ordinals...))
	for m := range year.months {
		year.months[m].within = slices.Clip(year.months[m].within)
	}
	return &year
}

func (s calendarSpan) begins(r dateRange) bool { return s.from <= r.from && r.from < s.to }

// ends reports whether a range ends in s; one that ends with s does.
func (s calendarSpan) ends(r dateRange) bool { return s.from <= r.to && r.to <= s.to }

type fit uint8

const (
	fitNone fit = iota
	fitSome
	fitAll
)

// fit says whether none, some or all ranges that begin and end in s lie in a box. None
// of them is empty, so none ends where s begins.
func (s calendarSpan) fit(b *box) fit {
	switch {
	case s.to <= b.lowMin, s.from > b.lowMax, s.to < b.highMin, s.from >= b.highMax:
		return fitNone
	case b.lowMin <= s.from && s.to-1 <= b.lowMax && b.highMin <= s.from && s.to <= b.highMax:
		return fitAll
	}
	return fitSome
}

// fitAny says whether none, some or all such ranges lie in one of some boxes. Ranges that
// lie in several boxes together are some.
func (s calendarSpan) fitAny(boxes []box) (best fit) {
	for i := range boxes {
		best = max(best, s.fit(&boxes[i]))
	}
	return best
}

// bytes returns the memory of the calendar.
func (c *calendar) bytes() int64 {
	n := int64(len(c.loose)) * 2
	for _, y := range c.years {
		n += int64(unsafe.Sizeof(*y)) + int64(y.within.GetSizeInBytes()) + int64(len(y.beyondYear)+len(y.beyondMonth))*2
		for i := range y.months {
			n += int64(len(y.months[i].within)) * 2
		}
	}
	return n
}

// match adds the entries that lie in one of some boxes to m, whose part is the calendar's.
func (c *calendar) match(m *dateMatcher, boxes []box) {
	m.look(c.loose, boxes)
	for _, year := range c.years {
		m.look(year.beyondYear, boxes)
		switch year.fitAny(boxes) {
		case fitAll:
			m.whole = append(m.whole, year.within)
		case fitSome:
			m.look(year.beyondMonth, boxes)
			year.matchMonths(m, boxes)
		}
	}
}

// estimate returns how many entries of the years may lie in one of some boxes.
func (c *calendar) estimate(boxes []box) (n int) {
	for _, year := range c.years {
		switch year.fitAny(boxes) {
		case fitAll:
			n += year.n
		case fitSome:
			for i := range year.months {
				if month := &year.months[i]; month.fitAny(boxes) != fitNone {
					n += len(month.within)
				}
			}
		}
	}
	return n
}

func (y *calendarYear) matchMonths(m *dateMatcher, boxes []box) {
	for i := range y.months {
		month := &y.months[i]
		switch month.fitAny(boxes) {
		case fitAll:
			for _, at := range month.within {
				m.add(m.part.ordinal(int(at)))
			}
		case fitSome:
			m.look(month.within, boxes)
		}
	}
}
