package fhirtime_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// Every day of the years 1 to 9999 is counted as package time counts it.
func TestCalendar(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := day.Unix() / 86_400; day.Year() <= 9999; n, day = n+1, day.AddDate(0, 0, 1) {
		year, month, of := fhirtime.Date(n)
		if year != day.Year() || month != int(day.Month()) || of != day.Day() {
			t.Fatalf("day %d is %d-%d-%d, want %s", n, year, month, of, day)
		}
		if got := fhirtime.DaysSinceEpoch(year, month, of); got != n {
			t.Fatalf("%s is day %d, want %d", day, got, n)
		}
		if last := day.AddDate(0, 0, 1).Day() == 1; last != (of == fhirtime.DaysIn(year, month)) {
			t.Fatalf("%s: its month has %d days", day, fhirtime.DaysIn(year, month))
		}
	}
	year, month, of := fhirtime.Date(fhirtime.DaysSinceEpoch(1, 1, 1) - 366)
	require.Equal(t, []int{0, 1, 1}, []int{year, month, of})
}
