package fhirtime_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// dateTime is the regular expression of FHIR R4 §2.24.0.1, with the one change
// that seconds and zone may be left out, as in a search value.
var dateTime = regexp.MustCompile(`^([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1])(T([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)(\.[0-9]+)?)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))?)?)?)?$`)

// layouts are the forms of a search value for package time, longest first.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02", "2006-01", "2006",
}

// What ParseSearch accepts is what FHIR's regular expression and package time's
// calendar accept together, and Range starts where package time does.
func FuzzParseSearch(f *testing.F) {
	for _, s := range []string{"2013", "2013-04", "2012-02-29", "2013-02-29", "2013-04-02T09:30", "2013-04-02T09:30:10Z",
		"2013-04-02T09:30:60.999999999-14:00", "2013-04-02T09:30:10.1234567891+13:59", "0000", "0001-01-01T00:00:00+14:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := fhirtime.ParseSearch(s)
		want, ok := reference(s)
		if ok = ok && dateTime.MatchString(s); ok != (err == nil) {
			t.Fatalf("%q: %v, reference accepts: %v", s, err, ok)
		}
		if err != nil {
			return
		}
		low, high := got.Range(nil)
		if low != want.UnixMicro() {
			t.Fatalf("%q starts at %d, want %d", s, low, want.UnixMicro())
		}
		if high <= low {
			t.Fatalf("%q has range [%d, %d)", s, low, high)
		}
	})
}

// reference parses with package time, which knows no second 60.
func reference(s string) (time.Time, bool) {
	var leap time.Duration
	if len(s) > 18 && s[17:19] == "60" {
		s, leap = s[:17]+"59"+s[19:], time.Second
	}
	s = strings.Replace(s, "-00:00", "Z", 1)
	for _, layout := range layouts {
		if v, err := time.Parse(layout, s); err == nil {
			return v.Add(leap), true
		}
	}
	return time.Time{}, false
}
