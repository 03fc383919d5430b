package exec_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// syllables make names and words that share beginnings and parts.
var syllables = []string{"an", "ber", "cor", "dal", "el", "fa", "gor", "hin", "is", "jo", "kar", "lin", "mo", "nel", "or", "per"}

// named is a store of n Patients, whose families are mostly their own, with a narrative of
// twelve words each.
func named(b *testing.B, n int) *store {
	s := newStore(b)
	random := rand.New(rand.NewPCG(1, 2))
	word := func(parts int) (w string) {
		for range parts {
			w += syllables[random.IntN(len(syllables))]
		}
		return w
	}
	var items []index.Item
	for i := range n {
		text := ""
		for range 12 {
			text += " " + word(2)
		}
		items = append(items, s.item(fmt.Appendf(nil, `{"resourceType":"Patient","id":"p%d","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">%s</div>"},"active":true,"name":[{"family":"%s","given":["%s"]}],"gender":%q,"address":[{"city":%q}]}`,
			i, text, word(5), word(2), []string{"female", "male"}[i%2], word(1))))
		if len(items) == 1000 || i == n-1 {
			s.apply(items)
			items = items[:0]
		}
	}
	return s
}

// BenchmarkTexts answers queries by strings and words over Patients, as many as -resources
// says.
func BenchmarkTexts(b *testing.B) {
	s := named(b, *resources)
	s.answer(b, "Patient", []question{
		{"prefix of few", "family=anbercordal"},
		{"prefix of many", "family=an"},
		{"prefix of a common city", "address-city=an"},
		{"contains few", "family:contains=bercordal"},
		{"contains many", "family:contains=mo"},
		{"contains among few", "_id=p1,p2,p3,p4&family:contains=mo"},
		{"prefix among few", "_id=p1,p2,p3,p4&family=a"},
		{"name contains", "name:contains=cordal"},
		{"text word", "_text=anber"},
		{"two text words", "_text=anber corel"},
		{"either text word", "_text=anber or corel"},
		{"content word", "_content=anber"},
	})
}

type question struct{ name, query string }

// answer measures searches for totals.
func (s *store) answer(b *testing.B, typ string, questions []question) {
	for _, c := range questions {
		b.Run(c.name, func(b *testing.B) {
			q, err := s.engine.Parse(typeOf(b, typ), c.query+"&_count=0", false)
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

// BenchmarkCountBeside counts without conditions and by one code, each time in the newest
// view, alone and while an import of new Observations and new versions runs.
func BenchmarkCountBeside(b *testing.B) {
	for _, importing := range []bool{false, true} {
		s := dated(b, *resources)
		var records [][]index.Item
		for i := range 20 {
			var items []index.Item
			for j := range 1000 {
				id := fmt.Sprint("o", i*1000+j) // every other one is a new version
				if j%2 == 0 {
					id = fmt.Sprint("n", i*1000+j)
				}
				items = append(items, s.item(fmt.Appendf(nil, `{"resourceType":"Observation","id":"%s","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"c%d"}]},"effectiveDateTime":"2011-02-03T10:00:00Z"}`, id, j%5)))
			}
			records = append(records, items)
		}
		var import_ sync.WaitGroup
		stop := make(chan struct{})
		if importing {
			import_.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					v := s.index.View()
					if err := s.index.Apply(v.Sequence()+1, v.Time()+1, v.Last()+1, records[i%len(records)]); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		for _, c := range []question{{"all", ""}, {"code", "code=http://loinc.org|c1"}, {"code and status", "code=http://loinc.org|c1&status=final"}} {
			b.Run(fmt.Sprintf("importing=%v/%s", importing, c.name), func(b *testing.B) {
				q, err := s.engine.Parse(typeOf(b, "Observation"), c.query+"&_count=0", false)
				require.NoError(b, err)
				b.ReportAllocs()
				var longest time.Duration
				for b.Loop() {
					start := time.Now()
					if _, err := s.engine.Search(b.Context(), s.index.View(), q); err != nil {
						b.Fatal(err)
					}
					longest = max(longest, time.Since(start))
				}
				b.ReportMetric(float64(longest.Microseconds()), "longest-µs")
			})
		}
		close(stop)
		import_.Wait()
		runtime.GC()
	}
}
