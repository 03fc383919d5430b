package pack

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func roundTrip(t *testing.T, text string) (template, fields []byte) {
	t.Helper()
	var s splitter
	template, fields = s.split(nil, nil, []byte(text))
	back, err := s.join(nil, template, fields, len(text))
	require.NoError(t, err)
	require.Equal(t, text, string(back))
	return template, fields
}

func TestSplit(t *testing.T) {
	id := "f13d3b8d-0097-4b35-8d6e-31c73ac2601c"
	for _, c := range []struct {
		text, template string
		fields         int
	}{
		{"", "", 0},
		{"a-b", "a-b", 0},
		{id, "\xf5", 16},
		{id + id, "\xf5\xf5", 17},
		{"x" + id + "x", "x\xf5x", 16},
		{"F13D3B8D-0097-4B35-8D6E-31C73AC2601C", "F13D3B8D-0097-4B35-8D6E-31C73AC2601C", 0},
		{"f13d3b8d-0097-4b35-0d6e-31c73ac2601c", "\xf5", 17},
		{"2011-10-14", "\xf6", 2},
		{"1", "1", 0},
		{"12011-10-14", "12011-10-14", 0},
		{"2011-10-145", "2011-10-145", 0},
		{"2011-02-29", "2011-02-29", 0},
		{"0000-01-01", "0000-01-01", 0},
		{"2011-10-14T23:37:54+00:00", "\xf7", 5},
		{"2011-10-14T23:37:54.530+00:00 2011-10-14T23:37:54.530+00:00", "\xf8 \xf8", 10},
		{"2011-10-14T23:37:54.53+00:00", "\xf6T23:37:54.53+00:00", 2},
		{"2011-10-14T23:37:54-00:00", "\xf6T23:37:54-00:00", 2},
		{"2011-10-14T23:37:54Z", "\xf7", 6},
		{"2011-10-14T24:00:00Z", "\xf6T24:00:00Z", 2},
		{"\xf5\xf9\xfa", "\xf9\xf9\xf9", 3},
		{"\xf6" + id + "\xf7", "\xf9\xf5\xf9", 18},
	} {
		template, fields := roundTrip(t, c.text)
		require.Equal(t, c.template, string(template))
		require.Len(t, fields, c.fields, c.text)
	}
}

// TestFarTimes goes from one end of the calendar to the other.
func TestFarTimes(t *testing.T) {
	template, _ := roundTrip(t, "9999-12-31 0001-01-01T00:00:00Z 9999-12-31T23:59:59.999-14:00 0001-01-01 9999-12-31")
	require.Equal(t, "\xf6 \xf7 \xf8 \xf6 \xf6", string(template))
}

func TestBase64(t *testing.T) {
	for length := range 600 {
		for _, fill := range []string{"note ", "\xf5\xfa\x00", "-2020-01-01-"} {
			decoded := strings.Repeat(fill, length)[:length]
			encoded := base64.StdEncoding.EncodeToString([]byte(decoded))
			for _, text := range []string{encoded, `"2020-01-01":"` + encoded + `","x":"` + encoded + `"-`, "/" + encoded, encoded + "=", encoded + "A"} {
				template, _ := roundTrip(t, text)
				if text == encoded && len(encoded) >= longBase64 {
					require.LessOrEqual(t, len(template), length+1)
				}
			}
		}
	}
}

func TestCalendar(t *testing.T) {
	for day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() <= 9999; day = day.AddDate(0, 0, 97) {
		want := day.Format("2006-01-02")
		require.Equal(t, want, string(appendDate(nil, day.Unix()/86_400-daysTo2000)))
		roundTrip(t, want)
		roundTrip(t, fmt.Sprintf("%sT%02d:05:59.007+05:45,%sT00:00:00-14:00", want, day.YearDay()%24, want))
	}
}

// BenchmarkSplitDates splits a text that is dense with dates and times.
func BenchmarkSplitDates(b *testing.B) {
	text := []byte(strings.Repeat(`"birthDate":"1970-02-03","start":"2011-10-14T23:37:54+02:00","issued":"2011-10-14T23:37:54.530+02:00","end":"2011-10-14T23:52:54Z",`, 4))
	var s splitter
	var template, fields []byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		template, fields = s.split(template[:0], fields[:0], text)
	}
}
