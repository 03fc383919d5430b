package exec_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
)

// BenchmarkExtract extracts from parsed resources: Synthea's, all types mixed.
func BenchmarkExtract(b *testing.B) {
	var docs []fhirjson.Document
	for _, line := range shared(b, "synthea/*.gz") {
		var doc fhirjson.Document
		require.NoError(b, fhirjson.Parse(line, &doc, nil))
		docs = append(docs, doc)
	}
	engine := exec.New(nil, exec.Options{})
	var builder index.Builder
	values, bytes := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		values, bytes = 0, 0
		for i := range docs {
			builder.Reset()
			if err := engine.Extract(&docs[i], &builder); err != nil {
				b.Fatal(err)
			}
			values += builder.Len()
		}
	}
	for i := range docs {
		builder.Reset()
		_ = engine.Extract(&docs[i], &builder)
		bytes += len(builder.Payload())
	}
	b.ReportMetric(float64(len(docs)*b.N)/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(float64(values)/float64(len(docs)), "values/res")
	b.ReportMetric(float64(bytes)/float64(len(docs)), "payload-B/res")
}

// BenchmarkApply applies Synthea's resources, words and contained resources included,
// to a new index: the part of a write that only one goroutine does.
func BenchmarkApply(b *testing.B) {
	s := newStore(b)
	var records [][]index.Item
	for lines := range slices.Chunk(shared(b, "synthea/*.gz"), 500) {
		var items []index.Item
		for _, line := range lines {
			items = append(items, s.item(line))
		}
		records = append(records, items)
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		x, first := index.New([16]byte{1}, nil), index.FirstOrdinal
		for i, items := range records {
			if err := x.Apply(uint64(i+1), int64(i), first, items); err != nil {
				b.Fatal(err)
			}
			first += index.Ordinal(len(items))
		}
		n += int(first - index.FirstOrdinal)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "res/s")
}

// observations is a store of n observations of 100 patients.
func observations(b *testing.B, n int) *store {
	s := newStore(b)
	var items []index.Item
	for i := range n {
		items = append(items, s.item(fmt.Appendf(nil, `{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"c%d"}]},"subject":{"reference":"Patient/p%d"},"effectiveDateTime":"20%02d-%02d-%02dT10:00:00Z","valueQuantity":{"value":%d.5,"unit":"kg"}}`,
			i, i%5, i%100, i%25, 1+i%12, 1+i%28, i%300)))
		if len(items) == 1000 {
			s.apply(items)
			items = items[:0]
		}
	}
	return s
}

// BenchmarkSearch answers queries over 100,000 observations.
func BenchmarkSearch(b *testing.B) {
	s := observations(b, 100_000)
	for _, c := range []struct{ name, query string }{
		{"count of a token", "code=http://loinc.org|c1&_count=0"},
		{"page of a token", "code=http://loinc.org|c1&_count=50"},
		{"count of token and date", "code=http://loinc.org|c1&date=2011&_count=0"},
		{"page sorted by date", "status=final&_sort=-date&_count=50"},
		{"page sorted by token", "patient=p7&_sort=code&_count=50"},
		{"composite", "code-value-quantity=c1$gt250&_count=50"},
		{"patient and code", "patient=p7&code=c2&_count=50"},
	} {
		b.Run(c.name, func(b *testing.B) {
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

// BenchmarkQuantities counts a token together with another token or a quantity,
// over 200,000 observations whose quantities have 50 units, five of each dimension.
func BenchmarkQuantities(b *testing.B) {
	s := newStore(b)
	var items []index.Item
	for i := range 200_000 {
		code := []string{"", "m", "k", "u", "n"}[i/10%5] + []string{"g", "m", "L", "mol", "s", "Pa", "J", "W", "V", "K"}[i%10]
		items = append(items, s.item(fmt.Appendf(nil, `{"resourceType":"Observation","id":"o%d","status":%q,"code":{"coding":[{"system":"http://loinc.org","code":"c%d"}]},"valueQuantity":{"value":%d.5,"system":"http://unitsofmeasure.org","code":%q}}`,
			i, []string{"final", "amended"}[i%7/4], i%9/2, i*7919%300, code)))
		if len(items) == 1000 {
			s.apply(items)
			items = items[:0]
		}
	}
	for _, c := range []struct{ name, query string }{
		{"token", "status=final"},
		{"number alone", "value-quantity=15"},
		{"gt number alone", "value-quantity=gt150"},
		{"one unit", "value-quantity=15||g"},
		{"eq", "value-quantity=0.15|http://unitsofmeasure.org|g"},
		{"gt", "value-quantity=gt0.150|http://unitsofmeasure.org|g"},
		{"ge", "value-quantity=ge0.150|http://unitsofmeasure.org|g"},
		{"ne", "value-quantity=ne0.150|http://unitsofmeasure.org|g"},
		{"gt of endless decimals", "value-quantity=gt0.001|http://unitsofmeasure.org|[lb_av]"},
		{"no unit of the column", "value-quantity=gt5|http://unitsofmeasure.org|cd"},
	} {
		b.Run(c.name, func(b *testing.B) {
			q, err := s.engine.Parse(typeOf(b, "Observation"), "code=http://loinc.org|c1&_count=0&"+c.query, false)
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

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	typ := typeOf(b, "Observation")
	for b.Loop() {
		if _, err := syntax.Read(param.R4(), typ, "code=http://loinc.org|8302-2&date=ge2020-01-01&subject:Patient.name=ann&_sort=-date&_count=50", syntax.ParseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkContained answers chains over 100,000 claims that contain a Coverage each,
// one in a thousand of which is of a rare type.
func BenchmarkContained(b *testing.B) {
	s := newStore(b)
	for i := 0; i < 100_000; i += 1000 {
		var items []index.Item
		for j := i; j < i+1000; j++ {
			rare := "common"
			if j%1000 == 0 {
				rare = "rare"
			}
			items = append(items, s.item(fmt.Appendf(nil, `{"resourceType":"ExplanationOfBenefit","id":"e%d","status":"active","type":{"text":"x"},"use":"claim","patient":{"reference":"Patient/p%d"},"created":"2020-01-01","insurer":{"display":"x"},"provider":{"display":"x"},"outcome":"complete","insurance":[{"focal":true,"coverage":{"reference":"#c"}}],"contained":[{"resourceType":"Coverage","id":"c","status":"active","type":{"coding":[{"code":%q}]},"beneficiary":{"reference":"Patient/p%d"},"payor":[{"display":"private"}]}]}`,
				j, j%1000, rare, j%1000)))
		}
		s.apply(items)
	}
	s.put(`{"resourceType":"Patient","id":"p7","name":[{"family":"Seven"}]}`)
	for _, c := range []struct{ name, query string }{
		{"none", "patient.name=seven"}, {"rare", "coverage.type=rare"}, {"all", "coverage.type=common"},
		{"within", "patient=p7&coverage.type=common"}, {"onwards", "coverage.beneficiary:Patient.name=seven"},
	} {
		b.Run(c.name, func(b *testing.B) {
			q, err := s.engine.Parse(typeOf(b, "ExplanationOfBenefit"), c.query+"&_count=0", false)
			require.NoError(b, err)
			total := 0
			b.ReportAllocs()
			for b.Loop() {
				r, err := s.engine.Search(b.Context(), s.index.View(), q)
				if err != nil {
					b.Fatal(err)
				}
				total = r.Total
			}
			b.ReportMetric(float64(total), "hits")
		})
	}
}
