package exec_test

import (
	"bytes"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/internal/synth"
)

var resources = flag.Int("resources", 100_000, "how many synthetic resources BenchmarkScale searches")

// patientShare is how many of the synthetic resources come with a patient.
const patientShare = 290

// synthetic is a store of about n synthetic resources, linked as a hospital's are.
func synthetic(b *testing.B, n int) *store {
	s := newStore(b)
	s.forget = true
	var items []index.Item
	for _, line := range synth.New(1, n/patientShare).Lines() {
		items = append(items, s.item(bytes.TrimSpace(line)))
		if len(items) == 1000 {
			s.apply(items)
			items = items[:0]
		}
	}
	s.apply(items)
	return s
}

// scan decodes the values of every visible resource of some types: the least that a
// search without an index does.
func (s *store) scan(b *testing.B, types []string) time.Duration {
	view := s.index.View()
	var entries []index.Entry
	start := time.Now()
	for _, name := range types {
		for o := range view.OfType(index.TypeID(typeOf(b, name))).All() {
			if !view.Visible(o) {
				continue
			}
			var err error
			entries, err = index.Decode(entries[:0], s.blocks[o])
			require.NoError(b, err)
		}
	}
	return time.Since(start)
}

// BenchmarkScale answers queries over synthetic patients: 100,000 resources, or as
// many as -resources says. Beside the time of each stand its hits, how many times
// longer it takes to decode all values of the types that it is about (scan/op), and
// how many times longer it takes than the search by tokens that is nearest to it
// (op/token).
func BenchmarkScale(b *testing.B) {
	s := synthetic(b, *resources)
	const (
		vital = "category=vital-signs"
		count = "&_count=0"
	)
	for _, c := range []struct{ name, types, query, token string }{
		{"token", "Observation", "code=http://loinc.org|8302-2" + count, ""},
		{"token page of 50", "Observation", "code=http://loinc.org|8302-2&_count=50", ""},
		{"token and token", "Observation", vital + "&status=final" + count, vital + count},
		{"token and year", "Observation", vital + "&date=2020" + count, vital + "&status=final" + count},
		{"token and quantity, gt", "Observation", vital + "&value-quantity=gt100" + count, vital + "&status=final" + count},
		{"token and quantity, le", "Observation", vital + "&value-quantity=le100" + count, vital + "&status=final" + count},
		{"token and quantity, ne", "Observation", vital + "&value-quantity=ne100" + count, vital + "&status=final" + count},
		{"token and quantity in UCUM, gt", "Observation", vital + "&value-quantity=gt1.5|http://unitsofmeasure.org|m" + count, vital + "&status=final" + count},
		{"token and quantity in UCUM, le", "Observation", vital + "&value-quantity=le1.5|http://unitsofmeasure.org|m" + count, vital + "&status=final" + count},
		{"token and quantity in UCUM, ne", "Observation", vital + "&value-quantity=ne1.5|http://unitsofmeasure.org|m" + count, vital + "&status=final" + count},
		{"year", "Observation", "date=2020" + count, ""},
		{"string", "Patient", "name=ma" + count, ""},
		{"word", "Observation", "_content=vital" + count, vital + count},
		{"word, page of 50", "Observation", "_content=vital&_count=50", vital + "&_count=50"},
		{"word and word", "Observation", "_content=vital body" + count, vital + "&status=final" + count},
		{"word of the narrative", "CarePlan", "_text=activities" + count, ""},
		{"chain of two steps, few", "Observation Encounter Practitioner", "encounter.practitioner.given=a" + count, ""},
		{"chain of two steps, all", "Observation Encounter Patient", "encounter.patient.gender=female,male" + count, ""},
		{"_has", "Patient Observation", "_has:Observation:patient:code=8302-2" + count, ""},
		{"_has, all", "Patient Observation", "_has:Observation:patient:status=final" + count, ""},
		{"_has of two steps", "Practitioner Encounter Observation", "_has:Encounter:practitioner:_has:Observation:encounter:code=8302-2" + count, ""},
		{"sorted page of 50", "Observation", vital + "&_sort=-date&_count=50", vital + "&_count=50"},
		{"page of 50 and _include", "Observation", vital + "&_count=50&_include=Observation:patient", vital + "&_count=50"},
		{"page of 50 and _revinclude", "Encounter", "class=AMB&_count=50&_revinclude=Observation:encounter", "class=AMB&_count=50"},
	} {
		b.Run(c.name, func(b *testing.B) {
			types := strings.Fields(c.types) // the first is searched
			typ := typeOf(b, types[0])
			view := s.index.View()
			run := func(q *syntax.Query) *exec.Result {
				r, err := s.engine.Search(b.Context(), view, q)
				require.NoError(b, err)
				return r
			}
			q, err := s.engine.Parse(typ, c.query, false)
			require.NoError(b, err)
			hits := run(q).Total
			require.NotZero(b, hits)
			for b.Loop() {
				run(q)
			}
			each := float64(b.Elapsed()) / float64(b.N)
			b.ReportMetric(float64(hits), "hits")
			b.ReportMetric(float64(s.scan(b, types))/each, "scan/op")
			if c.token == "" {
				return
			}
			alone, err := s.engine.Parse(typ, c.token, false)
			require.NoError(b, err)
			const rounds = 100
			start := time.Now()
			for range rounds {
				run(alone)
			}
			b.ReportMetric(each/(float64(time.Since(start))/rounds), "op/token")
		})
	}
}
