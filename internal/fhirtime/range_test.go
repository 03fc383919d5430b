package fhirtime_test

import (
	"testing"
	"time"
	_ "time/tzdata" // so that the test needs nothing of the machine

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

func TestRange(t *testing.T) {
	eastOfUTC := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		text      string
		loc       *time.Location
		low, high string
	}{
		{"2013", nil, "2013-01-01T00:00:00Z", "2014-01-01T00:00:00Z"},
		{"2013", eastOfUTC, "2012-12-31T22:00:00Z", "2013-12-31T22:00:00Z"},
		{"2013-12", nil, "2013-12-01T00:00:00Z", "2014-01-01T00:00:00Z"},
		{"2012-02", time.UTC, "2012-02-01T00:00:00Z", "2012-03-01T00:00:00Z"},
		{"2012-02-29", nil, "2012-02-29T00:00:00Z", "2012-03-01T00:00:00Z"},
		{"2013-12-31", nil, "2013-12-31T00:00:00Z", "2014-01-01T00:00:00Z"},
		{"0001", nil, "0001-01-01T00:00:00Z", "0002-01-01T00:00:00Z"},
		{"9999-12-31T23:59:59Z", nil, "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z"},
		{"2013-04-02T09:30", eastOfUTC, "2013-04-02T07:30:00Z", "2013-04-02T07:31:00Z"},
		{"2013-04-02T09:30Z", eastOfUTC, "2013-04-02T09:30:00Z", "2013-04-02T09:31:00Z"},
		{"2013-04-02T09:30:10", eastOfUTC, "2013-04-02T07:30:10Z", "2013-04-02T07:30:11Z"},
		{"2013-04-02T09:30:10-02:30", nil, "2013-04-02T12:00:10Z", "2013-04-02T12:00:11Z"},
		{"2013-04-02T09:30:10.250Z", nil, "2013-04-02T09:30:10.25Z", "2013-04-02T09:30:10.251Z"},
		{"2013-04-02T09:30:10.2Z", nil, "2013-04-02T09:30:10.2Z", "2013-04-02T09:30:10.3Z"},
		{"2013-04-02T09:30:10.1234567Z", nil, "2013-04-02T09:30:10.123456Z", "2013-04-02T09:30:10.123457Z"},
		{"2016-12-31T23:59:60Z", nil, "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z"},
	} {
		v, err := fhirtime.ParseSearch(c.text)
		require.NoError(t, err, c.text)
		low, high := v.Range(c.loc)
		assert.Equal(t, micro(t, c.low), low, "low of %s", c.text)
		assert.Equal(t, micro(t, c.high), high, "high of %s", c.text)
	}
}

func TestStart(t *testing.T) {
	for text, want := range map[string]string{
		"2013-04-02T09:30:10-02:30":         "2013-04-02T12:00:10Z",
		"2013-04-02T09:30:10.123456789999Z": "2013-04-02T09:30:10.123456789Z",
		"1813-04-02T09:30:10.000000001Z":    "1813-04-02T09:30:10.000000001Z",
		"2016-12-31T23:59:60.5Z":            "2017-01-01T00:00:00.5Z",
	} {
		v, err := fhirtime.ParseInstant(text)
		require.NoError(t, err)
		require.Equal(t, want, v.Start().Format(time.RFC3339Nano), text)
	}
}

// micro reads an RFC 3339 time, of year 10000 as well.
func micro(t *testing.T, s string) int64 {
	if s == "10000-01-01T00:00:00Z" {
		return time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	}
	v, err := time.Parse(time.RFC3339Nano, s)
	require.NoError(t, err)
	return v.UnixMicro()
}

// A day on which the clocks change is 23 or 25 hours long.
func TestRangeOverClockChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for text, hours := range map[string]int64{"2013-03-31": 23, "2013-10-27": 25, "2013-06-01": 24} {
		v, err := fhirtime.ParseDate(text)
		require.NoError(t, err)
		low, high := v.Range(berlin)
		assert.Equal(t, hours*int64(time.Hour/time.Microsecond), high-low, text)
	}
}

func TestTimeOfDayRange(t *testing.T) {
	v, err := fhirtime.ParseTime("01:00:00.5")
	require.NoError(t, err)
	low, high := v.Range(time.FixedZone("", 3600))
	assert.Equal(t, int64(3600_500_000), low)
	assert.Equal(t, int64(3600_600_000), high)
	assert.True(t, v.TimeOfDay())
}

// Years, months and days tile the calendar: each ends where the next begins.
func TestRangesTile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(rapid.IntRange(1, 9997).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC).
			AddDate(0, 0, rapid.IntRange(0, 365).Draw(t, "day"))
		for layout, next := range map[string]time.Time{
			"2006":       day.AddDate(1, 0, 0),
			"2006-01":    time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC),
			"2006-01-02": day.AddDate(0, 0, 1),
		} {
			a, err := fhirtime.ParseDate(day.Format(layout))
			require.NoError(t, err)
			low, high := a.Range(nil)
			assert.LessOrEqual(t, low, day.UnixMicro())
			assert.Greater(t, high, day.UnixMicro())
			b, err := fhirtime.ParseDate(next.Format(layout))
			if layout == "2006" {
				b, err = fhirtime.ParseDate(time.Date(day.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC).Format(layout))
			}
			require.NoError(t, err)
			start, _ := b.Range(nil)
			assert.Equal(t, start, high, layout)
		}
	})
}

func TestCompare(t *testing.T) {
	const unknown = 2
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"2012", "2013", -1},
		{"2012", "2012", 0},
		{"2012", "2012-01", unknown},
		{"2012-01", "2012-02-03", -1},
		{"2012-01-01T10:30:00Z", "2012-01-01T10:30:00.000Z", 0},
		{"2012-01-01T10:30:00.0000001Z", "2012-01-01T10:30:00Z", 1},
		{"2012-01-01T10:30:00Z", "2012-01-01T11:30:00+01:00", 0},
		{"2012-01-01T10:30Z", "2012-01-01T10:30:05Z", unknown},
		{"2012-01-01T10:30:00", "2012-01-01T10:30:00Z", unknown},
		{"2012-01-01", "2012-01-01T10:30:00Z", unknown},
		{"2012-01-01", "2012-01-03T10:30:00Z", -1},
		{"2012-01-03T10:30:00Z", "2012-01-01", 1},
	} {
		a, err := fhirtime.ParseSearch(c.a)
		require.NoError(t, err)
		b, err := fhirtime.ParseSearch(c.b)
		require.NoError(t, err)
		got, ok := fhirtime.Compare(a, b)
		assert.Equal(t, c.want != unknown, ok, "%s, %s", c.a, c.b)
		back, _ := fhirtime.Compare(b, a)
		if ok {
			assert.Equal(t, c.want, got, "%s, %s", c.a, c.b)
			assert.Equal(t, -c.want, back, "%s, %s", c.b, c.a)
		}
	}
	noon, err := fhirtime.ParseTime("12:00:00")
	require.NoError(t, err)
	_, ok := fhirtime.Compare(noon, fhirtime.Time{Year: 2012, Month: 1, Day: 1, Precision: fhirtime.Year})
	assert.False(t, ok)
}
