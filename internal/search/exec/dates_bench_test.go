package exec_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// dated is a store of n Observations whose codes, years, months and days go their own
// ways.
func dated(b *testing.B, n int) *store {
	s := newStore(b)
	s.forget = true
	random := rand.New(rand.NewPCG(1, 2))
	var items []index.Item
	for i := range n {
		items = append(items, s.item(fmt.Appendf(nil, `{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"c%d"}]},"effectiveDateTime":"20%02d-%02d-%02dT10:00:00Z"}`,
			i, random.IntN(5), random.IntN(25), 1+random.IntN(12), 1+random.IntN(28))))
		if len(items) == 1000 || i == n-1 {
			s.apply(items)
			items = items[:0]
		}
	}
	return s
}

// BenchmarkDates answers queries by date over Observations whose years are mixed, as they
// are when patients are imported one by one: with a last segment that is nearly full, and
// with as many as -resources says.
func BenchmarkDates(b *testing.B) {
	for _, n := range []int{12_612, 65_000, 126_000, *resources} {
		s := dated(b, n)
		for _, c := range []struct{ name, query string }{
			{"code", "code=http://loinc.org|c1&status=final&_count=0"},
			{"code and year", "code=http://loinc.org|c1&date=2015&_count=0"},
			{"code and ge, lt", "code=http://loinc.org|c1&date=ge2015-01-01&date=lt2016-01-01&_count=0"},
			{"year", "date=2015&_count=0"},
			{"ge, lt", "date=ge2015-01-01&date=lt2016-01-01&_count=0"},
			{"page of all sorted by date", "_sort=-date&_count=50"},
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
