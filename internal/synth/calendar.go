package synth

import (
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// Now is the moment at which every data set ends: nothing in it was done or
// recorded later.
var Now = time.Unix(int64(now), 0).UTC()

// moment is a point in time as seconds since the Unix epoch. Resources are
// written with the offset of US Eastern time.
type moment int64

const (
	minute moment = 60
	hour          = 60 * minute
	day           = 24 * hour
	year          = 365*day + 6*hour

	now moment = 1767225600 // 2026-01-01T00:00:00Z
)

// date is a day of the Gregorian calendar.
type date struct{ year, month, day int }

// civil returns the day of a count of days since the Unix epoch.
func civil(days int64) (d date) {
	d.year, d.month, d.day = fhirtime.Date(days)
	return d
}

// local returns t on the clock of US Eastern time: the day, the second of that
// day, and the offset in hours. Daylight time is taken as April to October,
// which is right but for some days in March and November.
func (t moment) local() (d date, second int, offset int) {
	offset = -5
	if m := civil(floorDays(t + moment(offset)*hour)).month; m >= 4 && m <= 10 {
		offset = -4
	}
	shifted := t + moment(offset)*hour
	days := floorDays(shifted)
	return civil(days), int(shifted - moment(days)*day), offset
}

func floorDays(t moment) int64 {
	d := t / day
	if t%day < 0 {
		d--
	}
	return int64(d)
}

// midnight returns the beginning of t's day, UTC.
func (t moment) midnight() moment { return moment(floorDays(t)) * day }

// monthOf returns t's month as a count of months since year 0.
func monthOf(t moment) int {
	d, _, _ := t.local()
	return d.year*12 + d.month - 1
}

// precision is the number of known parts of a date (FHIR R4 §2.24.0.1, dateTime).
type precision uint8

const (
	toSecond precision = iota
	toDay
	toMonth
	toYear
)

// appendTime appends t as a FHIR dateTime of the given precision. milli is
// written as a fraction of the second unless it is negative.
func appendTime(dst []byte, t moment, p precision, milli int) []byte {
	d, second, offset := t.local()
	dst = appendDigits(dst, d.year, 4)
	if p == toYear {
		return dst
	}
	dst = appendDigits(append(dst, '-'), d.month, 2)
	if p == toMonth {
		return dst
	}
	dst = appendDigits(append(dst, '-'), d.day, 2)
	if p == toDay {
		return dst
	}
	dst = appendDigits(append(dst, 'T'), second/3600, 2)
	dst = appendDigits(append(dst, ':'), second/60%60, 2)
	dst = appendDigits(append(dst, ':'), second%60, 2)
	if milli >= 0 {
		dst = appendDigits(append(dst, '.'), milli, 3)
	}
	dst = appendDigits(append(dst, '-'), -offset, 2)
	return append(dst, ":00"...)
}

// appendDigits appends n with leading zeros to the given width. n must not be
// negative.
func appendDigits(dst []byte, n, width int) []byte {
	start := len(dst)
	for range width {
		dst = append(dst, '0')
	}
	for i := start + width - 1; i >= start && n > 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}
