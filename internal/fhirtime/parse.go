package fhirtime

import (
	"encoding/binary"
	"errors"
	"unsafe"
)

// The errors of the Parse functions. They do not hold the text.
var (
	// ErrSyntax is returned for a text that does not have the form of its type.
	ErrSyntax = errors.New("fhirtime: malformed date or time")
	// ErrCalendar is returned when the form is right but there is no such day or
	// time: month 13, 30 February, hour 24, year 0000, zone +14:30.
	ErrCalendar = errors.New("fhirtime: no such date or time")
)

// ParseDate reads a FHIR date: YYYY, YYYY-MM or YYYY-MM-DD.
func ParseDate[S ~string | ~[]byte](s S) (Time, error) {
	return parse(view(s), dateOnly)
}

// ParseDateTime reads a FHIR dateTime: a date, or a date with a time in seconds
// or finer and a time zone.
func ParseDateTime[S ~string | ~[]byte](s S) (Time, error) {
	return parse(view(s), timeNeedsSeconds|timeNeedsZone)
}

// ParseInstant reads a FHIR instant: date, time in seconds or finer, time zone.
func ParseInstant[S ~string | ~[]byte](s S) (Time, error) {
	t, err := parse(view(s), timeNeedsSeconds|timeNeedsZone)
	if err == nil && t.Precision < Second {
		return Time{}, ErrSyntax
	}
	return t, err
}

// ParseSearch reads a date as a search value has it (FHIR R4 §3.1.1.4.7): a
// dateTime whose seconds and time zone may be left out.
func ParseSearch[S ~string | ~[]byte](s S) (Time, error) {
	return parse(view(s), 0)
}

// ParseTime reads a FHIR time: hh:mm:ss with an optional fraction and no zone.
func ParseTime[S ~string | ~[]byte](s S) (Time, error) {
	var t Time
	rest, err := clock(bytesOf(view(s)), &t)
	if err != nil {
		return Time{}, err
	}
	if len(rest) != 0 || t.Precision < Second {
		return Time{}, ErrSyntax
	}
	return t, nil
}

// rules restrict what parse accepts.
type rules uint8

const (
	dateOnly         rules = 1 << iota // no time of day
	timeNeedsSeconds                   // a time of day has seconds
	timeNeedsZone                      // a time of day has a zone
)

// view returns the text of s without copying it.
func view[S ~string | ~[]byte](s S) string {
	return *(*string)(unsafe.Pointer(&s)) // the header of a slice begins as that of a string does
}

// bytesOf returns the bytes of a text, for reading only.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func parse(s string, r rules) (t Time, err error) {
	rest, err := calendar(bytesOf(s), &t)
	if err != nil {
		return Time{}, err
	}
	if len(rest) == 0 {
		return t, nil
	}
	if r&dateOnly != 0 || t.Precision != Day || rest[0] != 'T' {
		return Time{}, ErrSyntax
	}
	if rest, err = clock(rest[1:], &t); err != nil {
		return Time{}, err
	}
	if r&timeNeedsSeconds != 0 && t.Precision < Second {
		return Time{}, ErrSyntax
	}
	if len(rest) == 0 {
		if r&timeNeedsZone != 0 {
			return Time{}, ErrSyntax
		}
		return t, nil
	}
	if t.Offset, err = parseZone(rest); err != nil {
		return Time{}, err
	}
	t.Zoned = true
	return t, nil
}

// calendar reads YYYY[-MM[-DD]] and returns what follows.
func calendar(s []byte, t *Time) ([]byte, error) {
	if pairs, ok := pairsOf(s, yearAndMonth); ok {
		if day, ok := two(s, 8); ok {
			return s[10:], t.setDay(int16(pairs&0xff)*100+int16(pairs>>16&0xff), uint8(pairs>>40), day)
		}
	}
	century, ok1 := two(s, 0)
	year, ok2 := two(s, 2)
	if !ok1 || !ok2 {
		return s, ErrSyntax
	}
	t.Year, t.Month, t.Day, t.Precision = int16(century)*100+int16(year), 1, 1, Year
	if t.Year == 0 {
		return s, ErrCalendar
	}
	s = s[4:]
	if len(s) == 0 || s[0] != '-' {
		return s, nil
	}
	month, ok := two(s, 1)
	if !ok {
		return s, ErrSyntax
	}
	if month < 1 || month > 12 {
		return s, ErrCalendar
	}
	t.Month, t.Precision = month, Month
	s = s[3:]
	if len(s) == 0 || s[0] != '-' {
		return s, nil
	}
	day, ok := two(s, 1)
	if !ok {
		return s, ErrSyntax
	}
	return s[3:], t.setDay(t.Year, month, day)
}

// setDay sets the date to a day.
func (t *Time) setDay(year int16, month, day uint8) error {
	if year == 0 || month < 1 || month > 12 || day < 1 || day > 28 && int(day) > DaysIn(int(year), int(month)) {
		return ErrCalendar
	}
	t.Year, t.Month, t.Day, t.Precision = year, month, day, Day
	return nil
}

// clock reads hh:mm[:ss[.f…]] and returns what follows.
func clock(s []byte, t *Time) ([]byte, error) {
	if pairs, ok := pairsOf(s, hourToSecond); ok {
		t.Hour, t.Minute, t.Second, t.Precision = uint8(pairs), uint8(pairs>>24), uint8(pairs>>48), Second
		if t.Hour > 23 || t.Minute > 59 || t.Second > 60 {
			return s, ErrCalendar
		}
		if len(s) == 8 || s[8] != '.' {
			return s[8:], nil
		}
		return fraction(s[9:], t)
	}
	hour, ok1 := two(s, 0)
	minute, ok2 := two(s, 3)
	if !ok1 || !ok2 || s[2] != ':' {
		return s, ErrSyntax
	}
	if hour > 23 || minute > 59 {
		return s, ErrCalendar
	}
	t.Hour, t.Minute, t.Precision = hour, minute, Minute
	s = s[5:]
	if len(s) == 0 || s[0] != ':' {
		return s, nil
	}
	second, ok := two(s, 1)
	if !ok {
		return s, ErrSyntax
	}
	if second > 60 {
		return s, ErrCalendar
	}
	t.Second, t.Precision = second, Second
	s = s[3:]
	if len(s) == 0 || s[0] != '.' {
		return s, nil
	}
	return fraction(s[1:], t)
}

// fraction reads the digits after the decimal point and returns what follows.
func fraction(s []byte, t *Time) ([]byte, error) {
	n := 0
	for ; n < len(s) && s[n]-'0' <= 9; n++ {
		if n < 9 {
			t.Nanoseconds = t.Nanoseconds*10 + int32(s[n]-'0')
		}
	}
	if n == 0 {
		return s, ErrSyntax
	}
	t.Digits = uint8(min(n, 9))
	for i := t.Digits; i < 9; i++ {
		t.Nanoseconds *= 10
	}
	t.Precision = Fraction
	return s[n:], nil
}

// ParseZone reads a time zone, Z, +hh:mm or -hh:mm, and returns the minutes east of UTC,
// at most 14 hours.
func ParseZone[S ~string | ~[]byte](s S) (minutes int16, err error) {
	return parseZone(bytesOf(view(s)))
}

func parseZone(s []byte) (minutes int16, err error) {
	if len(s) == 1 && s[0] == 'Z' {
		return 0, nil
	}
	hour, ok1 := two(s, 1)
	minute, ok2 := two(s, 4)
	if len(s) != 6 || !ok1 || !ok2 || s[3] != ':' || s[0] != '+' && s[0] != '-' {
		return 0, ErrSyntax
	}
	minutes = int16(hour)*60 + int16(minute)
	if minute > 59 || minutes > 14*60 {
		return 0, ErrCalendar
	}
	if s[0] == '-' {
		minutes = -minutes
	}
	return minutes, nil
}

// two reads two digits at s[i:].
func two(s []byte, i int) (uint8, bool) {
	if len(s) < i+2 {
		return 0, false
	}
	a, b := s[i]-'0', s[i+1]-'0'
	return a*10 + b, a <= 9 && b <= 9
}

// A form is the eight bytes of a text of digits and separators.
type form struct {
	zero uint64 // the bytes with 0 in the place of each digit
	// over is what takes a byte to 16 if it is beyond its limit: 9 of a digit, 0 of a
	// separator.
	over uint64
}

// The forms that are read eight bytes at once. A time without seconds, and a date without
// a day, are read byte by byte.
var (
	yearAndMonth = formOf("0000-00-")
	hourToSecond = formOf("00:00:00")
)

func formOf(s string) (f form) {
	f.zero = binary.LittleEndian.Uint64([]byte(s))
	for i := range s {
		f.over |= 0x0f << (8 * i)
		if s[i] == '0' {
			f.over ^= 9 << (8 * i)
		}
	}
	return f
}

// pairsOf reads eight bytes of a form. A byte of the result is the number of the two
// digits that begin at its place.
func pairsOf(s []byte, f form) (uint64, bool) {
	if len(s) < 8 {
		return 0, false
	}
	x := binary.LittleEndian.Uint64(s) ^ f.zero
	// A byte below 16 carries nothing into the next one.
	return x*10 + x>>8, (x|(x+f.over))&0xf0f0f0f0f0f0f0f0 == 0
}
