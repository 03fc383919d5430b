package fhirproto

import "time"

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
	zoneNone    = []byte("UTC") // of what has no zone in JSON
	zoneGeneral = []byte("+00:00")
)

// endOfTime is where the year 10000 begins, which only second 60 could reach.
const endOfTime = 253_402_300_800 * 1e6

// parseMoment reads a date, dateTime or instant.
func parseMoment(text []byte) (m moment, ok bool) {
	year, month, day := 0, 1, 1
	m.zone = zoneNone
	switch n := len(text); {
	case n >= 10:
		year, month, day = number(text[:4]), number(text[5:7]), number(text[8:10])
		m.precision = precisionDay
		ok = text[4] == '-' && text[7] == '-'
	case n == 7:
		year, month = number(text[:4]), number(text[5:7])
		m.precision = precisionMonth
		ok = text[4] == '-'
	case n == 4:
		year = number(text)
		m.precision = precisionYear
		ok = true
	}
	if !ok || year < 1 || month < 1 || month > 12 || day < 1 {
		return m, false
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if date.Day() != day {
		return m, false
	}
	m.us = date.Unix() * 1e6
	if len(text) <= 10 {
		return m, true
	}
	us, p, n := parseClock(text[11:])
	if n == 0 || text[10] != 'T' {
		return m, false
	}
	if m.us += us; m.us >= endOfTime {
		return m, false
	}
	m.precision = p
	offset, zone, ok := parseZone(text[11+n:])
	m.us -= int64(offset) * 1e6
	m.zone = zone
	return m, ok
}

// parseClock reads the time of day at the start of text and returns how long it
// is, 0 if there is none. Second 60 is allowed, as in R4.
func parseClock(text []byte) (us int64, p precision, n int) {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return 0, 0, 0
	}
	hour, minute, second := number(text[:2]), number(text[3:5]), number(text[6:8])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, 0, 0
	}
	us = int64(hour*3600+minute*60+second) * 1e6
	if len(text) == 8 || text[8] != '.' {
		return us, precisionSecond, 8
	}
	unit := int64(1e5)
	for n = 9; n < len(text) && text[n]-'0' <= 9; n++ {
		us += int64(text[n]-'0') * unit
		unit /= 10
	}
	switch {
	case n == 9:
		return 0, 0, 0
	case n <= 12:
		return us, precisionMilli, n
	}
	return us, precisionMicro, n
}

// parseZone reads Z or ±hh:mm and returns the seconds east of UTC and the zone's
// name in the protos.
func parseZone(text []byte) (seconds int, zone []byte, ok bool) {
	if len(text) == 1 && text[0] == 'Z' {
		return 0, zoneZulu, true
	}
	if len(text) != 6 || text[3] != ':' || text[0] != '+' && text[0] != '-' {
		return 0, nil, false
	}
	hour, minute := number(text[1:3]), number(text[4:])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, nil, false
	}
	seconds = hour*3600 + minute*60
	if seconds == 0 {
		return 0, zoneGeneral, true
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, text, true
}

// number returns the value of decimal digits, -1 if others are among them.
func number(digits []byte) (v int) {
	for _, d := range digits {
		if d-'0' > 9 {
			return -1
		}
		v = v*10 + int(d-'0')
	}
	return v
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
	if offset, _, ok := parseZone(m.zone); ok {
		return offset, true
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
