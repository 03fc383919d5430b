package fhirproto

import (
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// A precision is how much of a date and time is known, numbered as in DateTime.
// Instant and Time number theirs from precisionSecond as 1.
type precision int

const (
	precisionYear precision = 1 + iota
	precisionMonth
	precisionDay
	precisionSecond
	precisionMilli
	precisionMicro
)

// fits reports whether a value of kind k may have the precision.
func (p precision) fits(k kind) bool {
	switch k {
	case kindDate:
		return p >= precisionYear && p <= precisionDay
	case kindInstant:
		return p >= precisionSecond && p <= precisionMicro
	}
	return p >= precisionYear && p <= precisionMicro
}

// A moment is a date, dateTime or instant as the protos hold it.
type moment struct {
	us        int64 // since the Unix epoch
	zone      []byte
	precision precision
}

var (
	zoneZulu    = []byte("Z")
	zoneNone    = []byte("UTC") // of a time without a zone in JSON
	zoneGeneral = []byte("+00:00")
)

// endOfTime is where the year 10000 begins, which only second 60 could reach.
const endOfTime = 253_402_300_800 * 1e6

// parseMoment reads a date, dateTime or instant.
func parseMoment(text []byte) (m moment, ok bool) {
	t, err := fhirtime.ParseDateTime(text)
	if err != nil {
		return m, false
	}
	m.us, _ = t.Range(nil)
	m.precision, m.zone = precisionOf(t), zoneNone
	switch {
	case m.us+int64(t.Offset)*60e6 >= endOfTime:
		return m, false
	case !t.Zoned:
	case text[len(text)-1] == 'Z':
		m.zone = zoneZulu
	case t.Offset == 0:
		m.zone = zoneGeneral
	default:
		m.zone = text[len(text)-len("+hh:mm"):]
	}
	return m, true
}

// parseClock reads a time of day, in microseconds since midnight.
func parseClock(text []byte) (us int64, p precision, ok bool) {
	t, err := fhirtime.ParseTime(text)
	us, _ = t.Range(nil)
	return us, precisionOf(t), err == nil
}

func precisionOf(t fhirtime.Time) precision {
	switch {
	case t.Precision <= fhirtime.Day:
		return precisionYear + precision(t.Precision-fhirtime.Year)
	case t.Precision == fhirtime.Second:
		return precisionSecond
	case t.Digits <= 3:
		return precisionMilli
	}
	return precisionMicro
}

// appendMoment appends the text of m, with a time of day if its precision has one, and
// reports whether m can be written.
func appendMoment(dst []byte, m moment) ([]byte, bool) {
	offset, ok := zoneOffset(m)
	if !ok {
		return dst, false
	}
	seconds, us := floor(m.us)
	t := time.Unix(seconds+int64(offset), 0).UTC()
	year, month, day := t.Date()
	if year < 1 || year > 9999 {
		return dst, false
	}
	dst = appendPair(dst, year/100)
	dst = appendPair(dst, year%100)
	if m.precision >= precisionMonth {
		dst = appendPair(append(dst, '-'), int(month))
	}
	if m.precision >= precisionDay {
		dst = appendPair(append(dst, '-'), day)
	}
	if m.precision <= precisionDay {
		return dst, true
	}
	hour, minute, second := t.Clock()
	dst = appendClock(append(dst, 'T'), hour, minute, second, us, m.precision)
	if len(m.zone) == 1 && m.zone[0] == 'Z' {
		return append(dst, 'Z'), true
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = appendPair(append(dst, sign), offset/3600)
	return appendPair(append(dst, ':'), offset/60%60), true
}

// floor splits microseconds into seconds, rounded down, and the rest.
func floor(us int64) (seconds, rest int64) {
	seconds, rest = us/1e6, us%1e6
	if rest < 0 {
		return seconds - 1, rest + 1e6
	}
	return seconds, rest
}

// zoneOffset returns the seconds east of UTC of m's zone at m. A proto that a
// program made may name a zone of the IANA database.
func zoneOffset(m moment) (int, bool) {
	switch string(m.zone) {
	case "Z", "UTC", "":
		return 0, true
	}
	if minutes, err := fhirtime.ParseZone(m.zone); err == nil {
		return 60 * int(minutes), true
	}
	location, err := time.LoadLocation(string(m.zone))
	if err != nil {
		return 0, false
	}
	_, offset := time.UnixMicro(m.us).In(location).Zone()
	return offset, true
}

// appendTime appends a time of day, in microseconds since midnight.
func appendTime(dst []byte, us int64, p precision) ([]byte, bool) {
	s, rest := floor(us)
	if s < 0 || s > 86400 {
		return dst, false
	}
	hour, minute, second := int(s/3600), int(s/60%60), int(s%60)
	if s == 86400 {
		hour, minute, second = 23, 59, 60
	}
	return appendClock(dst, hour, minute, second, rest, p), true
}

func appendClock(dst []byte, hour, minute, second int, us int64, p precision) []byte {
	dst = appendPair(dst, hour)
	dst = appendPair(append(dst, ':'), minute)
	dst = appendPair(append(dst, ':'), second)
	if p == precisionSecond {
		return dst
	}
	dst = appendPair(append(dst, '.', byte('0'+us/1e5)), int(us/1e3%100))
	if p == precisionMilli {
		return dst
	}
	return appendPair(append(dst, byte('0'+us/100%10)), int(us%100))
}

// appendPair appends n, which is under 100, with two digits.
func appendPair(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}
