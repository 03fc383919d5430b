package index_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
)

// prepareRecords makes the records of a mix before the clock runs.
func prepareRecords(b *testing.B, x *index.Index, m *mix, n, size int) [][]index.Item {
	var builder index.Builder
	records := make([][]index.Item, n/size)
	for i := range records {
		records[i] = make([]index.Item, size)
		for j := range records[i] {
			typ, id, block := m.next(&builder)
			p := new(index.Prepared)
			if err := x.Prepare(p, block); err != nil {
				b.Fatal(err)
			}
			records[i][j] = index.Item{Type: typ, ID: id, Values: p}
		}
	}
	return records
}

// BenchmarkUpdates writes resources for the first time, and then over and over with
// sweeps in between whenever a quarter is dead, as a store does: both as rates, the
// second with the time of the sweeps in it.
func BenchmarkUpdates(b *testing.B) {
	const n, size, times = 50_000, 500, 10
	for b.Loop() {
		x := index.New([16]byte{1}, nil)
		apply := func(records [][]index.Item) (spent time.Duration) {
			start := time.Now()
			for _, items := range records {
				v := x.View()
				if err := x.Apply(v.Sequence()+1, v.Time()+1, v.Last()+1, items); err != nil {
					b.Fatal(err)
				}
			}
			return time.Since(start)
		}
		inserts := apply(prepareRecords(b, x, newMix(), n, size))
		once := x.Stats()
		var updates, sweeps time.Duration
		for i := range times {
			m := newMix()
			m.random = rand.New(rand.NewPCG(uint64(i), 3))
			updates += apply(prepareRecords(b, x, m, n, size))
			seq := x.View().Sequence()
			if dead, all := x.Sweepable(seq); dead < all/4 {
				continue
			}
			start := time.Now()
			if err := x.Sweep(b.Context(), seq); err != nil {
				b.Fatal(err)
			}
			sweeps += time.Since(start)
		}
		s := x.Stats()
		bytes := func(s index.Stats) float64 {
			return float64(s.Bytes.Terms + s.Bytes.Postings + s.Bytes.Columns + s.Bytes.Texts)
		}
		b.ReportMetric(n/inserts.Seconds(), "inserts/s")
		b.ReportMetric(n*times/updates.Seconds(), "updates/s")
		b.ReportMetric(n*times/(updates+sweeps).Seconds(), "updates-and-sweeps/s")
		b.ReportMetric(bytes(s)/bytes(once), "bytes/once")
	}
}

// BenchmarkSwept searches an index of which every resource was written eleven times
// and then swept, beside one in which each was written once.
func BenchmarkSwept(b *testing.B) {
	const n, size = 50_000, 500
	once, often := index.New([16]byte{1}, nil), index.New([16]byte{1}, nil)
	fill(b, once, newMix(), n, size)
	for range 11 {
		fill(b, often, newMix(), n, size)
	}
	if err := often.Sweep(b.Context(), often.View().Sequence()); err != nil {
		b.Fatal(err)
	}
	for name, x := range map[string]*index.Index{"once": once, "often": often} {
		v := x.View()
		terms := v.Terms()
		for _, code := range []string{"5-5", "0-0"} {
			b.Run(fmt.Sprint("CountToken/", code, "/", name), func(b *testing.B) {
				found := 0
				for b.Loop() {
					found = v.Posting(terms.Token(4, "http://loinc.org", code)).CountVisible()
				}
				b.ReportMetric(float64(found), "found")
			})
		}
		final := terms.Token(2, "http://hl7.org/fhir/observation-status", "final")
		b.Run("CountToken/final/"+name, func(b *testing.B) {
			for b.Loop() {
				v.Posting(final).CountVisible()
			}
		})
		b.Run("CountType/"+name, func(b *testing.B) {
			for b.Loop() {
				v.OfType(2).CountVisible()
			}
		})
		b.Run("AllOfType/"+name, func(b *testing.B) {
			for b.Loop() {
				v.RetainVisible(v.OfType(2).Bitmap())
			}
		})
		b.Run("TokenAndYear/"+name, func(b *testing.B) {
			for b.Loop() {
				set := v.Dates(23).Match(v.Posting(final).Bitmap(), index.DateWithin(1.3e15, 1.3e15+31536000e6))
				v.RetainVisible(set)
			}
		})
	}
}

// BenchmarkApplyDuringSweep measures how long single records take to apply while
// sweeps run without end: their median and the longest of a thousand.
func BenchmarkApplyDuringSweep(b *testing.B) {
	x := index.New([16]byte{1}, nil)
	fill(b, x, newMix(), 100_000, 500)
	fill(b, x, newMix(), 100_000, 500)
	for _, name := range []string{"alone", "swept"} {
		b.Run(name, func(b *testing.B) {
			done := make(chan struct{})
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for name == "swept" {
					select {
					case <-done:
						return
					default:
						if err := x.Sweep(b.Context(), x.View().Sequence()); err != nil {
							b.Error(err)
						}
					}
				}
			}()
			records := prepareRecords(b, x, newMix(), 5_000, 1)
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				v := x.View()
				start := time.Now()
				if err := x.Apply(v.Sequence()+1, v.Time()+1, v.Last()+1, records[i%len(records)]); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			close(done)
			<-ended
			reportPercentiles(b, took)
		})
	}
}

func reportPercentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
	b.ReportMetric(float64(took[len(took)*999/1000].Nanoseconds()), "p99.9-ns")
}
