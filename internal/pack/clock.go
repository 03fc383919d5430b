package pack

import (
	"encoding/binary"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// A clock writes times as their distance from the one before in the same text,
// because the times of a resource lie close together, and many are the same.
type clock struct {
	seconds int64 // of the time before, since 2000-01-01T00:00:00 by its own wall
	zone    byte  // of the time before
}

// Zones are a byte: zoneZ for "Z", else the quarters of an hour east of UTC.
const (
	zoneZ      = 0x7f
	maxQuarter = 14 * 4
)

const (
	secondsPerDay = 86_400
	daysTo2000    = 10_957 // from 1970
)

// take appends the field of a date or time that begins at start, and returns where the
// text ends and its mark. The mark is 0 if there is no date or time, or if it would
// come back in another form.
func (c *clock) take(fields, text []byte, start int) (int, byte, []byte) {
	if start > 0 && isDigit(text[start-1]) || start+10 > len(text) {
		return 0, 0, fields
	}
	var t fhirtime.Time
	zone, length := readTime(&t, text[start:])
	if length == 0 {
		return 0, 0, fields
	}
	days := fhirtime.DaysSinceEpoch(int(t.Year), int(t.Month), int(t.Day)) - daysTo2000
	if length == dateLen {
		if start+dateLen < len(text) && isDigit(text[start+dateLen]) {
			return 0, 0, fields
		}
		// A date is counted in days from the day before it.
		delta := days - floorDiv(c.seconds, secondsPerDay)
		c.seconds = days * secondsPerDay
		return start + length, markDate, binary.AppendVarint(fields, delta)
	}
	wall := int64(t.Hour)*3600 + int64(t.Minute)*60 + int64(t.Second)
	seconds := days*secondsPerDay + wall
	delta := seconds - c.seconds
	c.seconds = seconds
	// The lowest bit tells of another zone, which follows.
	zigzag := uint64(delta<<1) ^ uint64(delta>>63)
	if zone == c.zone {
		fields = binary.AppendUvarint(fields, zigzag<<1)
	} else {
		fields = append(binary.AppendUvarint(fields, zigzag<<1|1), zone)
		c.zone = zone
	}
	if t.Precision == fhirtime.Second {
		return start + length, markTime, fields
	}
	millis := t.Nanoseconds / 1_000_000
	return start + length, markMillis, append(fields, byte(millis), byte(millis>>8))
}

const (
	dateLen = len("2006-01-02")
	timeLen = len("2006-01-02T15:04:05")
	zoneLen = len("-07:00")
)

// readTime reads the date and time at the start of text into t and returns its length; the
// date alone where what follows it has no field, and 0 where there is no date. There are
// dateLen bytes at least.
func readTime(t *fhirtime.Time, text []byte) (zone byte, length int) {
	var err error
	if length = timeLenOf(text); length > 0 {
		*t, err = fhirtime.ParseDateTime(text[:length])
		if zone, ok := zoneOf(t, text[:length]); ok && err == nil && t.Second < 60 {
			return zone, length
		}
	}
	*t, err = fhirtime.ParseDate(text[:dateLen])
	if err != nil || t.Precision < fhirtime.Day {
		return 0, 0
	}
	return 0, dateLen
}

// timeLenOf returns how long the time at the start of text is that has the form of one
// with seconds or milliseconds and a zone, 0 if there is none.
func timeLenOf(text []byte) int {
	if len(text) <= timeLen || text[dateLen] != 'T' {
		return 0
	}
	n := timeLen
	if text[n] == '.' {
		n += len(".000")
	}
	switch {
	case n < len(text) && text[n] == 'Z':
		return n + 1
	case n+zoneLen <= len(text) && (text[n] == '+' || text[n] == '-'):
		return n + zoneLen
	}
	return 0
}

// zoneOf returns the byte of a time's zone.
func zoneOf(t *fhirtime.Time, text []byte) (zone byte, ok bool) {
	if text[len(text)-1] == 'Z' {
		return zoneZ, true
	}
	return byte(t.Offset / 15), t.Offset%15 == 0 && (t.Offset != 0 || text[len(text)-zoneLen] == '+')
}

// put appends the date or time of a field.
func (c *clock) put(dst, fields []byte, mark byte) ([]byte, []byte, bool) {
	number, n := binary.Uvarint(fields)
	if n <= 0 {
		return dst, fields, false
	}
	fields = fields[n:]
	if mark == markDate {
		delta := int64(number>>1) ^ -int64(number&1)
		if delta != int64(int32(delta)) {
			return dst, fields, false
		}
		days := floorDiv(c.seconds, secondsPerDay) + delta
		c.seconds = days * secondsPerDay
		if !inCalendar(c.seconds) {
			return dst, fields, false
		}
		return appendDate(dst, days), fields, true
	}
	if number&1 != 0 {
		if len(fields) == 0 {
			return dst, fields, false
		}
		c.zone, fields = fields[0], fields[1:]
		if q := int8(c.zone); c.zone != zoneZ && (q > maxQuarter || q < -maxQuarter) {
			return dst, fields, false
		}
	}
	number >>= 1
	delta := int64(number>>1) ^ -int64(number&1)
	c.seconds += delta
	if !inCalendar(c.seconds) {
		return dst, fields, false
	}
	days := floorDiv(c.seconds, secondsPerDay)
	wall := int(c.seconds - days*secondsPerDay)
	dst = append(appendDate(dst, days), 'T')
	dst = append2(dst, wall/3600)
	dst = append2(append(dst, ':'), wall/60%60)
	dst = append2(append(dst, ':'), wall%60)
	if mark == markMillis {
		if len(fields) < 2 {
			return dst, fields, false
		}
		millis := int(fields[0]) | int(fields[1])<<8
		if millis > 999 {
			return dst, fields, false
		}
		fields = fields[2:]
		dst = append2(append(dst, '.', byte('0'+millis/100)), millis%100)
	}
	if c.zone == zoneZ {
		return append(dst, 'Z'), fields, true
	}
	sign, quarters := byte('+'), int(int8(c.zone))
	if quarters < 0 {
		sign, quarters = '-', -quarters
	}
	dst = append2(append(dst, sign), quarters/4)
	return append2(append(dst, ':'), quarters%4*15), fields, true
}

func appendDate(dst []byte, days int64) []byte {
	year, month, day := fhirtime.Date(days + daysTo2000)
	dst = append2(append2(dst, year/100), year%100)
	dst = append2(append(dst, '-'), month)
	return append2(append(dst, '-'), day)
}

func append2(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

func isDigit(c byte) bool { return c-'0' <= 9 }

// minSeconds and maxSeconds are the years 0 and 9999, since 2000-01-01.
const (
	daysBefore2000 = 730_485
	minSeconds     = -daysBefore2000 * secondsPerDay
	maxSeconds     = (3_652_425 - daysBefore2000) * secondsPerDay
)

// inCalendar reports whether seconds is between the years 0 and 9999.
func inCalendar(seconds int64) bool { return seconds >= minSeconds && seconds < maxSeconds }

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}
