package fhirtime_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// parsers are the Parse functions by the FHIR type they read.
var parsers = map[string]func(string) (fhirtime.Time, error){
	"date":     fhirtime.ParseDate[string],
	"dateTime": fhirtime.ParseDateTime[string],
	"instant":  fhirtime.ParseInstant[string],
	"search":   fhirtime.ParseSearch[string],
	"time":     fhirtime.ParseTime[string],
}

func TestParseAccepts(t *testing.T) {
	for _, c := range []struct{ text, types string }{
		{"0001", "date dateTime search"},
		{"2013", "date dateTime search"},
		{"9999-12", "date dateTime search"},
		{"2013-04-02", "date dateTime search"},
		{"2012-02-29", "date dateTime search"},
		{"2000-02-29", "date dateTime search"},
		{"2013-04-02T09:30", "search"},
		{"2013-04-02T09:30Z", "search"},
		{"2013-04-02T09:30:10", "search"},
		{"2013-04-02T09:30:10Z", "dateTime instant search"},
		{"2013-04-02T23:59:60Z", "dateTime instant search"},
		{"2013-04-02T09:30:10+14:00", "dateTime instant search"},
		{"2013-04-02T09:30:10-00:00", "dateTime instant search"},
		{"2013-04-02T09:30:10.1-11:30", "dateTime instant search"},
		{"2013-04-02T09:30:10.123456789123Z", "dateTime instant search"},
		{"09:30:10", "time"},
		{"23:59:60.5", "time"},
	} {
		for name, parse := range parsers {
			_, err := parse(c.text)
			if slices.Contains(strings.Fields(c.types), name) {
				assert.NoError(t, err, "%s as %s", c.text, name)
			} else {
				assert.ErrorIs(t, err, fhirtime.ErrSyntax, "%s as %s", c.text, name)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	syntax := []string{"", "2", "201", "20133", "2013-", "2013-4", "2013-04-", "2013-04-2", "2013-04-02T", "2013-04-02 09:30:10Z",
		"2013T09:30:10Z", "2013-04-02T09", "2013-04-02T09:3", "2013-04-02T09:30:", "2013-04-02T09:30:10.", "2013-04-02T09:30:10.Z",
		"2013-04-02T09:30:10z", "2013-04-02t09:30:10Z", "2013-04-02T09:30:10ZZ", "2013-04-02T09:30:10+1:00", "2013-04-02T09:30:10+0100",
		"2013-04-02T09:30:10 01:00", "+013", "-001", "2013-04-02T09:30:10+01:0x", "20x3", "２０１３", "2013-04-02Z"}
	for _, s := range syntax {
		_, err := fhirtime.ParseSearch(s)
		assert.ErrorIs(t, err, fhirtime.ErrSyntax, "%q", s)
	}
	calendar := []string{"0000", "2013-00", "2013-13", "2013-04-00", "2013-04-31", "2013-02-29", "1900-02-29", "2013-04-02T24:00:00Z",
		"2013-04-02T09:60:00Z", "2013-04-02T09:30:61Z", "2013-04-02T09:30:10+14:01", "2013-04-02T09:30:10-15:00", "2013-04-02T09:30:10+01:60"}
	for _, s := range calendar {
		_, err := fhirtime.ParseSearch([]byte(s))
		assert.ErrorIs(t, err, fhirtime.ErrCalendar, "%q", s)
	}
	_, err := fhirtime.ParseTime("24:00:00")
	assert.ErrorIs(t, err, fhirtime.ErrCalendar)
}

func TestParseFields(t *testing.T) {
	got, err := fhirtime.ParseDateTime("2013-04-02T09:30:10.250-05:30")
	require.NoError(t, err)
	assert.Equal(t, fhirtime.Time{Year: 2013, Month: 4, Day: 2, Hour: 9, Minute: 30, Second: 10, Nanoseconds: 250_000_000,
		Digits: 3, Precision: fhirtime.Fraction, Zoned: true, Offset: -330}, got)

	got, err = fhirtime.ParseDate("2013")
	require.NoError(t, err)
	assert.Equal(t, fhirtime.Time{Year: 2013, Month: 1, Day: 1, Precision: fhirtime.Year}, got)
}

func TestParseDoesNotAllocate(t *testing.T) {
	texts := [][]byte{[]byte("2013"), []byte("2013-04-02T09:30:10.250-05:30"), []byte("2013-02-30")}
	zone := time.FixedZone("", 3600)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, s := range texts {
			v, _ := fhirtime.ParseDateTime(s)
			v.Range(zone)
		}
	}))
}

func BenchmarkParseAndRange(b *testing.B) {
	for _, s := range []string{"2013-04-02", "2013-04-02T09:30:10.250-05:30"} {
		b.Run(s, func(b *testing.B) {
			text := []byte(s)
			b.ReportAllocs()
			for b.Loop() {
				v, err := fhirtime.ParseDateTime(text)
				if err != nil {
					b.Fatal(err)
				}
				v.Range(nil)
			}
		})
	}
}
