package index_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

// What a loader makes does not differ from what Apply makes, and more can be applied
// and swept after it.
func TestLoaderDoesAsApply(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := index.New([16]byte{1}, nil)
		m := history(t, x)
		loaded := x.Twin()
		until := rapid.IntRange(0, len(m.commits)).Draw(t, "loaded")
		l := loaded.Loader(rapid.IntRange(1, 3).Draw(t, "workers"))
		for i, c := range m.commits {
			if i == until {
				l.Finish()
			}
			require.NoError(t, loaded.Apply(c.Sequence, c.Time, c.first, c.Items))
			for j, it := range c.Items {
				if !it.Hole {
					o, ok := loaded.View().Lookup(it.Type, it.ID)
					require.True(t, ok)
					require.GreaterOrEqual(t, o, c.first+index.Ordinal(j))
				}
			}
		}
		l.Finish()
		same := func() {
			require.Empty(t, differences(t, x.View(), loaded.View(), nil))
			require.Empty(t, differences(t, loaded.View(), x.View(), nil))
		}
		same()
		require.Equal(t, x.Stats().Values, loaded.Stats().Values)
		m.swept = nil
		for _, mv := range m.views {
			at, ok := loaded.ViewAt(mv.sequence)
			require.True(t, ok)
			m.checkResources(t, at)
			m.checkPostings(t, at)
			m.checkTexts(t, at)
			m.checkDates(t, at)
			m.checkNumbers(t, at)
			m.checkReferences(t, at)
		}
		require.NoError(t, loaded.Sweep(t.Context(), loaded.View().Sequence()))
		same()
	})
}

// The same over many versions, in several sets, by several goroutines.
func TestLoaderOfMany(t *testing.T) {
	defer goleak.VerifyNone(t)
	resources := 60_000
	if testing.Short() {
		resources = 6_000
	}
	for _, workers := range []int{1, 2, 5, 0} {
		c := &churn{random: rand.New(rand.NewPCG(1, 2)), resources: resources}
		x := index.New([16]byte{1}, nil)
		loaded := x.Twin()
		l := loaded.Loader(workers)
		c.round(t, 1, x, loaded)
		c.round(t, 3, x, loaded)
		l.Finish()
		l.Finish()
		require.Empty(t, differences(t, x.View(), loaded.View(), nil))
		a, b := x.Stats(), loaded.Stats()
		require.Equal(t, a.Terms, b.Terms)
		require.Equal(t, a.Texts, b.Texts)
		require.Equal(t, a.Postings, b.Postings)
		require.Less(t, float64(b.Bytes.Postings), 1.05*float64(a.Bytes.Postings))
		c.round(t, 2, x, loaded)
		require.Empty(t, differences(t, x.View(), loaded.View(), nil))
		require.NoError(t, loaded.Sweep(t.Context(), loaded.View().Sequence()))
		require.Empty(t, differences(t, loaded.View(), x.View(), nil))
	}
}

// BenchmarkLoader applies the mix by a loader and without.
func BenchmarkLoader(b *testing.B) {
	const n, size = 100_000, 500
	for workers := -1; workers <= 2; workers++ {
		b.Run(fmt.Sprint("workers=", workers), func(b *testing.B) {
			x := index.New([16]byte{1}, nil)
			records := prepareRecords(b, x, newMix(), n, size)
			for b.Loop() {
				x := index.New([16]byte{1}, nil)
				var l *index.Loader
				if workers >= 0 {
					l = x.Loader(workers)
				}
				for i, items := range records {
					require.NoError(b, x.Apply(uint64(i+1), 0, x.View().Last()+1, items))
				}
				if l != nil {
					l.Finish()
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "res/s")
		})
	}
}
