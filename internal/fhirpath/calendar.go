package fhirpath

import (
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// A calendarUnit is a duration that can be added to a date or time: a multiple of a
// level of precision.
type calendarUnit struct {
	level int
	times int64 // 7 for a week, which is seven days; 1 for the others
	milli bool  // milliseconds
}

// calendarUnits are the calendar's units by word, singular.
var calendarUnits = map[string]calendarUnit{
	"year": {level: levelYear, times: 1}, "month": {level: levelMonth, times: 1}, "week": {level: levelDay, times: 7},
	"day": {level: levelDay, times: 1}, "hour": {level: levelHour, times: 1}, "minute": {level: levelMinute, times: 1},
	"second": {level: levelSecond, times: 1}, "millisecond": {level: levelSecond, times: 1, milli: true},
}

// definiteWords are UCUM's units that mean the same as a word. Years and months of UCUM
// have a fixed length; the calendar's do not.
var definiteWords = map[string]string{
	"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond",
}

// calendarUnitOf returns the calendar's unit that a quantity has: a word, also in
// quotes, or a UCUM code of a definite duration.
func calendarUnitOf(unit string) (calendarUnit, bool) {
	if word, ok := definiteWords[unit]; ok {
		unit = word
	}
	u, ok := calendarUnits[strings.TrimSuffix(unit, "s")]
	return u, ok
}

// maxAmount is the greatest amount of date arithmetic: more milliseconds than the
// calendar has.
const maxAmount = 1e15

// plus returns the moment that is later by an amount of a unit (FHIRPath N1 §6.6.7).
// A unit finer than the moment is converted to the moment's precision, fractions
// dropped; only seconds may have a fraction. It reports false beyond the years
// 0001–9999.
func (m moment) plus(amount *apd.Decimal, unit calendarUnit) (moment, bool) {
	if unit.level == levelSecond && !unit.milli {
		unit.milli = true
		amount = new(apd.Decimal).Set(amount)
		amount.Exponent += 3
	}
	n, ok := truncated(amount)
	if !ok || n > maxAmount || n < -maxAmount {
		return moment{}, false
	}
	n *= unit.times
	level := m.level()
	if unit.level > level {
		n = coarser(n, unit, level)
		unit = calendarUnit{level: level}
	}
	switch {
	case m.TimeOfDay():
		return m.plusClock(n, unit), unit.level >= levelHour
	case unit.level <= levelMonth:
		return m.plusMonths(n, unit.level)
	default:
		return m.plusDuration(n, unit)
	}
}

// steps are how many of a level make one of the next coarser level; in conversions a
// month counts 30 days and a year 12 months (FHIRPath N1 §6.6.7).
var steps = [...]int64{levelMonth: 12, levelDay: 30, levelHour: 24, levelMinute: 60, levelSecond: 60}

// coarser converts an amount of a unit to a coarser level.
func coarser(n int64, unit calendarUnit, level int) int64 {
	divisor := int64(1)
	if unit.milli {
		divisor = 1000
	}
	at := unit.level
	if at >= levelDay && level == levelYear {
		for ; at > levelDay; at-- {
			divisor *= steps[at]
		}
		return n / (divisor * 365)
	}
	for ; at > level; at-- {
		divisor *= steps[at]
	}
	return n / divisor
}

// plusMonths adds years or months. If the month has no such day, its last day is taken.
func (m moment) plusMonths(n int64, level int) (moment, bool) {
	if n > 12*10_000 || n < -12*10_000 {
		return moment{}, false
	}
	if level == levelYear {
		n *= 12
	}
	months := int64(m.Year)*12 + int64(m.Month) - 1 + n
	year := months / 12
	if months < 12 || year > 9999 {
		return moment{}, false
	}
	m.Year, m.Month = int16(year), uint8(months%12)+1
	m.Day = min(m.Day, uint8(fhirtime.DaysIn(int(m.Year), int(m.Month))))
	return m, true
}

// length returns the length of a unit of days or less.
func (u calendarUnit) length() time.Duration {
	switch {
	case u.milli:
		return time.Millisecond
	case u.level == levelDay:
		return 24 * time.Hour
	case u.level == levelHour:
		return time.Hour
	case u.level == levelMinute:
		return time.Minute
	default:
		return time.Second
	}
}

// plusDuration adds days, hours, minutes, seconds or milliseconds.
func (m moment) plusDuration(n int64, unit calendarUnit) (moment, bool) {
	t := time.Date(int(m.Year), time.Month(m.Month), int(m.Day), int(m.Hour), int(m.Minute), int(m.Second), int(m.Nanoseconds), time.UTC)
	length := unit.length()
	const longest = 200 * 365 * 24 * time.Hour // what time.Duration holds, with room
	for n != 0 {
		part := min(max(n, -int64(longest/length)), int64(longest/length))
		t = t.Add(time.Duration(part) * length)
		if n -= part; t.Year() < 1 || t.Year() > 9999 {
			return moment{}, false
		}
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return moment{}, false
	}
	m.Year, m.Month, m.Day = int16(t.Year()), uint8(t.Month()), uint8(t.Day())
	m.setClock(t, unit)
	return m, true
}

// plusClock adds to a time of day, which wraps at midnight.
func (m moment) plusClock(n int64, unit calendarUnit) moment {
	length := unit.length()
	n %= int64(24 * time.Hour / length)
	t := time.Date(2000, 1, 2, int(m.Hour), int(m.Minute), int(m.Second), int(m.Nanoseconds), time.UTC).Add(time.Duration(n) * length)
	m.setClock(t, unit)
	return m
}

// setClock takes over the clock of t. Milliseconds are shown where there are any.
func (m *moment) setClock(t time.Time, unit calendarUnit) {
	m.Hour, m.Minute, m.Second, m.Nanoseconds = uint8(t.Hour()), uint8(t.Minute()), uint8(t.Second()), int32(t.Nanosecond())
	if unit.milli && m.Precision >= fhirtime.Second && t.Nanosecond() != 0 {
		m.Precision, m.Digits = fhirtime.Fraction, max(m.Digits, 3)
	}
}
