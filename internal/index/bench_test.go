package index_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
)

// A mix makes values like those of Synthea's resources: about 15 tokens, two of
// them unique identifiers, 3 references, 2 dates, a quantity, few strings, 9 words.
type mix struct {
	random *rand.Rand
	n      int
}

func newMix() *mix { return &mix{random: rand.New(rand.NewPCG(1, 2))} }

// perPatient is how many resources refer to one patient, in Synthea about 280.
const perPatient = 280

func uuid(a, b int) string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(a)*2654435761, a&0xffff, b&0xfff, b>>12&0xfff, uint64(a)*0x9e3779b97f4a7c15>>16)
}

// next returns the type, id and values block of another resource.
func (m *mix) next(b *index.Builder) (index.TypeID, string, []byte) {
	m.n++
	b.Reset()
	patient, encounter := m.n/perPatient, m.n/8
	id := uuid(m.n, 1)
	if m.n%perPatient == 0 {
		names := [...]string{"smith", "jones", "o'hara", "garcia", "nguyen", "müller", "rossi", "kim"}
		family := fmt.Sprint(names[m.random.IntN(len(names))], m.random.IntN(1000))
		b.Text(30, 0, family, family+"X")
		b.Text(31, 0, fmt.Sprint("given", m.random.IntN(2000)), fmt.Sprint("Given", m.random.IntN(2000)))
		b.Text(32, 0, "boston", "Boston")
		b.Token(33, 0, "http://hl7.org/fhir/administrative-gender", "female")
		b.Date(34, 0, int64(m.random.IntN(30000))*86400e6, int64(m.random.IntN(30000)+1)*86400e6)
		b.Token(1, 0, "https://github.com/synthetichealth/synthea", uuid(patient, 0))
		return 1, uuid(patient, 0), bytes.Clone(b.Payload())
	}
	code := m.random.IntN(200) * m.random.IntN(200) / 40
	at := 1.2e15 + int64(m.random.IntN(3e8))*1e6
	b.Token(1, 0, "urn:ietf:rfc:3986", uuid(m.n, 2))
	b.Token(1, 0, "https://github.com/synthetichealth/synthea", uuid(m.n, 3))
	b.Token(2, 0, "http://hl7.org/fhir/observation-status", "final")
	b.Token(3, 0, "http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")
	b.Token(4, 0, "http://loinc.org", fmt.Sprint(code, "-", code%10))
	b.Token(5, 0, "http://loinc.org", fmt.Sprint(code, "-", code%10))
	b.Token(6, 0, "http://snomed.info/sct", fmt.Sprint(100000000+m.random.IntN(500)))
	for p := range index.Param(8) {
		b.Token(10+p, 0, "http://terminology.hl7.org/CodeSystem/v3-ActCode", fmt.Sprint("C", m.random.IntN(20)))
	}
	b.Reference(20, 0, 1, uuid(patient, 0))
	b.Reference(21, 0, 1, uuid(patient, 0))
	b.Reference(22, 0, 3, uuid(encounter, 5))
	b.Date(23, 0, at, at+1e6)
	b.Date(24, 0, at, at+1e3)
	value := fmt.Sprintf("%d.%d", m.random.IntN(300), m.random.IntN(100))
	b.Quantity(25, 0, value, value, "http://unitsofmeasure.org", "kg", "kg")
	words := fmt.Sprintf("vital signs of the w%d w%d w%d w%d kg", code, code%97, code%31, m.random.IntN(500))
	if m.n%10 == 0 {
		words += " " + uuid(m.n, 3)
	}
	b.Words(27, 0, words)
	b.Text(26, 0, "http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab", "http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab")
	return 2, id, bytes.Clone(b.Payload())
}

// fill applies n resources in records of size.
func fill(tb testing.TB, x *index.Index, m *mix, n, size int) {
	var b index.Builder
	values := make([]index.Prepared, size)
	for n > 0 {
		items := make([]index.Item, min(n, size))
		for i := range items {
			typ, id, block := m.next(&b)
			if err := x.Prepare(&values[i], block); err != nil {
				tb.Fatal(err)
			}
			items[i] = index.Item{Type: typ, ID: id, Values: &values[i]}
		}
		v := x.View()
		if err := x.Apply(v.Sequence()+1, v.Time()+1, v.Last()+1, items); err != nil {
			tb.Fatal(err)
		}
		n -= len(items)
	}
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkMemory(b *testing.B) {
	const n = 300_000
	for b.Loop() {
		before := liveHeap()
		x := index.New([16]byte{1}, nil)
		fill(b, x, newMix(), n, 500)
		b.ReportMetric(float64(liveHeap()-before)/n, "B/version")
		s := x.Stats()
		b.ReportMetric(float64(s.Bytes.Resources)/n, "resource-B")
		b.ReportMetric(float64(s.Bytes.Terms)/n, "term-B")
		b.ReportMetric(float64(s.Bytes.Postings)/n, "posting-B")
		b.ReportMetric(float64(s.Bytes.Columns)/n, "column-B")
		b.ReportMetric(float64(s.Bytes.Texts)/n, "text-B")
		b.ReportMetric(float64(s.Terms)/n, "terms")
		b.ReportMetric(float64(s.Postings)/n, "postings")
	}
}

func BenchmarkEncode(b *testing.B) {
	m := newMix()
	var builder index.Builder
	b.ReportAllocs()
	for b.Loop() {
		m.next(&builder)
	}
	b.ReportMetric(float64(len(builder.Payload())), "B/payload")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "res/s")
}

func BenchmarkDecode(b *testing.B) {
	var builder index.Builder
	_, _, block := newMix().next(&builder)
	var entries []index.Entry
	b.ReportAllocs()
	for b.Loop() {
		entries, _ = index.Decode(entries[:0], block)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "res/s")
}

func BenchmarkPrepare(b *testing.B) {
	x := index.New([16]byte{1}, nil)
	var builder index.Builder
	m := newMix()
	blocks := make([][]byte, 1000)
	for i := range blocks {
		_, _, blocks[i] = m.next(&builder)
	}
	var p index.Prepared
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := x.Prepare(&p, blocks[i%len(blocks)]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "res/s")
}

// BenchmarkApply measures Apply alone, on an index that holds 200,000 versions.
func BenchmarkApply(b *testing.B) {
	for _, size := range []int{1, 500} {
		b.Run(fmt.Sprint("record=", size), func(b *testing.B) {
			x := index.New([16]byte{1}, nil)
			m := newMix()
			fill(b, x, m, 200_000, 500)
			var builder index.Builder
			const batch = 2000
			values := make([]index.Prepared, batch)
			items := make([]index.Item, batch)
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				if n%batch == 0 {
					b.StopTimer()
					for i := range items {
						typ, id, block := m.next(&builder)
						if err := x.Prepare(&values[i], block); err != nil {
							b.Fatal(err)
						}
						items[i] = index.Item{Type: typ, ID: id, Values: &values[i]}
					}
					b.StartTimer()
				}
				v := x.View()
				at := n % batch
				if err := x.Apply(v.Sequence()+1, v.Time()+1, v.Last()+1, items[at:at+size]); err != nil {
					b.Fatal(err)
				}
				n += size
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "res/s")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	x := index.New([16]byte{1}, nil)
	m := newMix()
	fill(b, x, m, 100_000, 500)
	old := x.View()
	// One in ten versions is superseded.
	again := newMix()
	again.n = 30_000
	fill(b, x, again, 10_000, 500)
	v := x.View()
	terms := v.Terms()
	final := terms.Token(2, "http://hl7.org/fhir/observation-status", "final")
	unique := terms.Code(1, uuid(77, 3))

	b.Run("View", func(b *testing.B) {
		for b.Loop() {
			v = x.View()
		}
	})
	b.Run("Lookup", func(b *testing.B) {
		ids := make([]string, 1000)
		for i := range ids {
			ids[i] = uuid(i*91+1, 1)
		}
		for i := 0; b.Loop(); i++ {
			v.Lookup(2, ids[i%1000])
		}
	})
	b.Run("PostingUnique", func(b *testing.B) {
		for b.Loop() {
			v.Posting(unique)
		}
	})
	for name, v := range map[string]index.View{"now": v, "old": old} {
		at, _ := x.ViewAt(v.Sequence())
		b.Run("CountVisible100k/"+name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = v.Posting(final).CountVisible()
			}
			b.ReportMetric(float64(n), "found")
		})
		b.Run("CountVisible100k/at-"+name, func(b *testing.B) {
			for b.Loop() {
				at.Posting(final).CountVisible()
			}
		})
	}
	b.Run("Page50", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for o := range v.Posting(final).Backward(index.MaxOrdinal) {
				if v.Visible(o) {
					if n++; n == 50 {
						break
					}
				}
			}
		}
	})
	b.Run("DateYear", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n = int(v.Dates(23).Match(nil, index.DateWithin(1.3e15, 1.3e15+31536000e6)).GetCardinality())
		}
		b.ReportMetric(float64(n), "found")
	})
	code := v.Posting(terms.Token(4, "http://loinc.org", "5-5")).Bitmap()
	b.Run("DateYearAmongFew", func(b *testing.B) {
		for b.Loop() {
			v.Dates(23).Match(code, index.DateWithin(1.3e15, 1.3e15+31536000e6))
		}
		b.ReportMetric(float64(code.GetCardinality()), "candidates")
	})
	b.Run("NumberRange", func(b *testing.B) {
		windows := []index.NumberWindow{index.NumberWithin(index.Limit{Value: "99.5"}, index.Limit{Value: "100.5", Excluded: true})}
		q := index.NumberQuery{InUnit: func(_, code, _ string) ([]index.NumberWindow, error) {
			if code == "kg" {
				return windows, nil
			}
			return nil, nil
		}}
		for b.Loop() {
			if _, err := v.Numbers(25).Match(nil, q); err != nil {
				b.Fatal(err)
			}
		}
	})
	all := v.Posting(final).Bitmap()
	b.Run("DateKeys100k", func(b *testing.B) {
		for b.Loop() {
			for range v.Dates(23).Keys(all) {
			}
		}
	})
	patients := v.EntitiesOf(v.OfType(1).Bitmap())
	b.Run("SourcesOfAllPatients", func(b *testing.B) {
		for b.Loop() {
			v.References(20).Sources(patients)
		}
	})
	b.Run("TargetsOf100k", func(b *testing.B) {
		for b.Loop() {
			v.CurrentOf(v.References(20).Targets(all))
		}
	})
}

// BenchmarkConjunction counts a token of 40 % of a million versions together with
// a second condition: another token, or a range of dates. The dates are spread
// over ten years, in an order of their own.
func BenchmarkConjunction(b *testing.B) {
	const n, size = 1_000_000, 1000
	x := index.New([16]byte{1}, nil)
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	var builder index.Builder
	var batch index.Batch
	values := make([]index.Prepared, size)
	items := make([]index.Item, size)
	for at := range n / size {
		batch.Reset()
		for i := range items {
			builder.Reset()
			builder.Token(1, 0, "s", []string{"a", "a", "b", "b", "b"}[random.IntN(5)])
			builder.Token(2, 0, "s", fmt.Sprint(random.IntN(10)))
			from := start + random.Int64N(10*365*86400)*1e6
			builder.Date(3, 0, from, from+1e6)
			if err := x.PrepareIn(&batch, &values[i], builder.Payload()); err != nil {
				b.Fatal(err)
			}
			items[i] = index.Item{Type: 1, ID: uuid(at*size+i, 1), Values: &values[i]}
		}
		v := x.View()
		if err := x.Apply(v.Sequence()+1, v.Time()+1, v.Last()+1, items); err != nil {
			b.Fatal(err)
		}
	}
	v := x.View()
	token := v.Posting(v.Terms().Token(1, "s", "a"))
	at := func(y int, m time.Month, d int) int64 { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMicro() }
	b.Run("first-year", func(b *testing.B) {
		for b.Loop() {
			v.Dates(3).Match(nil, index.DateWithin(at(2015, 1, 1), at(2016, 1, 1)))
		}
	})
	windows := []struct {
		name string
		index.DateWindow
	}{
		{"year", index.DateWithin(at(2015, 1, 1), at(2016, 1, 1))},
		{"from-2015", index.DateStartsFrom(at(2015, 1, 1))},
		{"month", index.DateWithin(at(2015, 3, 1), at(2015, 4, 1))},
		{"day", index.DateWithin(at(2015, 3, 7), at(2015, 3, 8))},
		{"some-days-more-than-a-year", index.DateWithin(at(2015, 3, 7), at(2016, 3, 20))},
	}
	b.Run("token", func(b *testing.B) {
		other := v.Posting(v.Terms().Token(2, "s", "7"))
		for b.Loop() {
			v.CountVisible(other.Intersect(token.Bitmap()))
		}
	})
	for _, w := range windows {
		b.Run(w.name, func(b *testing.B) {
			found := 0
			for b.Loop() {
				found = v.CountVisible(v.Dates(3).Match(token.Bitmap(), w.DateWindow))
			}
			b.ReportMetric(float64(found), "found")
		})
	}
}
