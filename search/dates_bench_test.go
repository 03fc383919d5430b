package search_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkDates answers queries by date over Observations whose years are mixed, as they
// are when patients are imported one by one: with a last segment that is nearly full, and
// with as many as -resources says.
func BenchmarkDates(b *testing.B) {
	for _, n := range []int{12_612, 65_000, 126_000, *resources} {
		s := observations(b, n)
		for _, c := range []struct{ name, query string }{
			{"code", "code=http://loinc.org|c1&status=final&_count=0"},
			{"code and year", "code=http://loinc.org|c1&date=2015&_count=0"},
			{"code and ge, lt", "code=http://loinc.org|c1&date=ge2015-01-01&date=lt2016-01-01&_count=0"},
			{"year", "date=2015&_count=0"},
			{"ge, lt", "date=ge2015-01-01&date=lt2016-01-01&_count=0"},
			{"page sorted by date", "status=final&_sort=-date&_count=50"},
			{"page of a code sorted by date", "code=http://loinc.org|c1&_sort=-date&_count=50"},
		} {
			b.Run(fmt.Sprint(n, "/", c.name), func(b *testing.B) {
				q, err := s.engine.Parse(typeOf(b, "Observation"), c.query, false)
				require.NoError(b, err)
				view, total := s.index.View(), 0
				b.ReportAllocs()
				for b.Loop() {
					r, err := s.engine.Search(b.Context(), view, q)
					if err != nil {
						b.Fatal(err)
					}
					total = r.Total
				}
				b.ReportMetric(float64(total), "hits")
			})
		}
	}
}
