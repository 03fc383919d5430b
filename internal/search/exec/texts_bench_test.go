package exec_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

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
			q, err := s.engine.Parse(typeOf(b, typ), "_count=0&"+c.query, false)
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

// BenchmarkCountAmidImport counts without conditions and by one code, before and after an
// import of 20,000 versions, half of them of resources that are there already.
func BenchmarkCountAmidImport(b *testing.B) {
	s := dated(b, *resources)
	for _, imported := range []bool{false, true} {
		for i := 0; imported && i < 20_000; i += 1000 {
			var items []index.Item
			for j := range 1000 {
				items = append(items, s.item(fmt.Appendf(nil, `{"resourceType":"Observation","id":"%c%d","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"c%d"}]},"effectiveDateTime":"2011-02-03T10:00:00Z"}`,
					"no"[j%2], i+j, j%5)))
			}
			s.apply(items)
		}
		b.Run(fmt.Sprintf("imported=%v", imported), func(b *testing.B) {
			s.answer(b, "Observation", []question{{"all", ""}, {"code", "code=http://loinc.org|c1"}, {"code and status", "code=http://loinc.org|c1&status=final"}})
		})
	}
}
