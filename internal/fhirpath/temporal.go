package fhirpath

import (
	"cmp"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// A moment is a date, dateTime or time of day. FHIRPath knows one precision that
// FHIR does not: the hour.
type moment struct {
	fhirtime.Time
	hourOnly bool // minutes were not written; Precision is then Minute
}

func parseDate[S ~string | ~[]byte](text S) (moment, bool) {
	t, err := fhirtime.ParseDate(text)
	return moment{Time: t}, err == nil
}

// parseDateTime reads a dateTime: 2015-02-04T14:34:28.123+10:00, or less of it. A T at
// the end, as in literals, is allowed.
func parseDateTime[S ~string | ~[]byte](text S) (moment, bool) {
	const date = len("2015-02-04")
	if n := len(text); n > 0 && n <= date+1 && text[n-1] == 'T' {
		text = text[:n-1]
	}
	hourOnly := len(text) >= date+3 && text[date] == 'T' && (len(text) == date+3 || text[date+3] != ':')
	var t fhirtime.Time
	var err error
	if hourOnly {
		t, err = fhirtime.ParseSearch(string(text[:date+3]) + ":00" + string(text[date+3:]))
	} else {
		t, err = fhirtime.ParseSearch(text)
	}
	return moment{t, hourOnly}, err == nil
}

// parseTime reads a time of day: 14:34:28.123 or less of it.
func parseTime[S ~string | ~[]byte](text S) (moment, bool) {
	const hour, minute = len("14"), len("14:34")
	switch len(text) {
	case hour:
		t, err := fhirtime.ParseTime(string(text) + ":00:00")
		t.Precision = fhirtime.Minute
		return moment{t, true}, err == nil
	case minute:
		t, err := fhirtime.ParseTime(string(text) + ":00")
		t.Precision = fhirtime.Minute
		return moment{Time: t}, err == nil
	default:
		t, err := fhirtime.ParseTime(text)
		return moment{Time: t}, err == nil
	}
}

// compareMoments orders two moments as fhirtime.Compare does, hours included.
func compareMoments(a, b moment) (order int, ok bool) {
	if !a.hourOnly && !b.hourOnly || a.TimeOfDay() != b.TimeOfDay() {
		return fhirtime.Compare(a.Time, b.Time)
	}
	aLow, aHigh := a.bounds(b)
	bLow, bHigh := b.bounds(a)
	switch {
	case aHigh <= bLow:
		return -1, true
	case bHigh <= aLow:
		return 1, true
	default:
		return 0, a.hourOnly == b.hourOnly && a.Zoned == b.Zoned && aLow == bLow
	}
}

// Lengths in microseconds, and how far a time without a zone may be off.
const (
	hourLength   = int64(3600) * 1_000_000
	farthestEast = 14 * hourLength
	farthestWest = 12 * hourLength
)

// bounds returns the moment's range in UTC, widened by every possible zone if only the
// other has one.
func (m moment) bounds(other moment) (low, high int64) {
	low, high = m.Range(nil)
	if m.hourOnly {
		high = low + hourLength
	}
	if !m.Zoned && other.Zoned {
		low, high = low-farthestEast, high+farthestWest
	}
	return low, high
}

// level returns how far the moment is written, coarsest first.
func (m moment) level() int {
	if m.hourOnly {
		return levelHour
	}
	return levels[m.Precision]
}

// The levels of precision. Seconds and their fraction are one (FHIRPath N1 §6.2).
const (
	levelNone = iota
	levelYear
	levelMonth
	levelDay
	levelHour
	levelMinute
	levelSecond
)

var levels = [...]int{
	fhirtime.None: levelNone, fhirtime.Year: levelYear, fhirtime.Month: levelMonth, fhirtime.Day: levelDay,
	fhirtime.Minute: levelMinute, fhirtime.Second: levelSecond, fhirtime.Fraction: levelSecond,
}

// format returns the moment as text in its precision, with the zone as Z or +hh:mm.
func (m moment) format() string {
	var text []byte
	level := m.level()
	if !m.TimeOfDay() {
		text = fmt.Appendf(text, "%04d", m.Year)
		if level >= levelMonth {
			text = fmt.Appendf(text, "-%02d", m.Month)
		}
		if level >= levelDay {
			text = fmt.Appendf(text, "-%02d", m.Day)
		}
		if level <= levelDay {
			return string(text)
		}
		text = append(text, 'T')
	}
	text = fmt.Appendf(text, "%02d", m.Hour)
	if level >= levelMinute {
		text = fmt.Appendf(text, ":%02d", m.Minute)
	}
	if level >= levelSecond {
		text = fmt.Appendf(text, ":%02d", m.Second)
	}
	if m.Precision == fhirtime.Fraction {
		text = append(text, fmt.Sprintf(".%09d", m.Nanoseconds)[:1+m.Digits]...)
	}
	return string(m.appendZone(text))
}

// appendZone appends the zone. UTC is written Z.
func (m moment) appendZone(text []byte) []byte {
	switch {
	case !m.Zoned:
		return text
	case m.Offset == 0:
		return append(text, 'Z')
	case m.Offset < 0:
		return fmt.Appendf(text, "-%02d:%02d", -m.Offset/60, -m.Offset%60)
	default:
		return fmt.Appendf(text, "+%02d:%02d", m.Offset/60, m.Offset%60)
	}
}

// sameMoment is equivalence: equal, and of the same precision (FHIRPath N1 §6.1.2).
func sameMoment(a, b moment) bool {
	order, ok := compareMoments(a, b)
	return ok && order == 0 && cmp.Compare(a.level(), b.level()) == 0
}
