package index_test

import (
	"cmp"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

// ranked sorts the spans of a column as Best is to.
func ranked[T cmp.Ordered](spans iter.Seq2[index.Ordinal, index.Span[T]], n int, descending bool) []index.Ordinal {
	keys := map[index.Ordinal]T{}
	ordinals := []index.Ordinal{}
	for o, span := range spans {
		keys[o] = span.Min
		if descending {
			keys[o] = span.Max
		}
		ordinals = append(ordinals, o)
	}
	slices.SortFunc(ordinals, func(a, b index.Ordinal) int {
		order := cmp.Compare(keys[a], keys[b])
		if descending {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(b, a))
	})
	return ordinals[:min(n, len(ordinals))]
}

func ordinalsOf(best []index.Ranked) []index.Ordinal {
	ordinals := []index.Ordinal{}
	for _, r := range best {
		ordinals = append(ordinals, r.Ordinal)
	}
	return ordinals
}

func (m *model) checkBest(t *rapid.T, v index.View) {
	p, n := rapid.SampledFrom(someParams).Draw(t, "sorted param"), rapid.IntRange(0, 5).Draw(t, "first")
	set := v.AllVisible()
	for _, descending := range []bool{false, true} {
		require.Equal(t, ranked(v.Dates(p).Keys(set), n, descending), ordinalsOf(v.Dates(p).Best(set, n, descending)))
		require.Equal(t, ranked(v.Numbers(p).Keys(set), n, descending), ordinalsOf(v.Numbers(p).Best(set, n, descending)))
	}
}

// Over many chunks, with values that rise with the ordinals, fall, lie anywhere or
// are mostly equal, and resources that have several.
func TestBestOfManyChunks(t *testing.T) {
	const size, records = 1000, 30
	random := rand.New(rand.NewPCG(1, 2))
	x := index.New([16]byte{1}, nil)
	var b index.Builder
	for range records {
		items := make([]index.Item, size)
		for i := range items {
			n := int64(x.View().Last()) + int64(i)
			b.Reset()
			b.Date(1, 0, n, n+1)
			b.Date(2, 0, -n, -n+1)
			for range 1 + random.IntN(3) {
				from := random.Int64N(1e6)
				b.Date(3, 0, from, from+random.Int64N(1e6))
			}
			b.Date(4, 0, n/20_000, n/10_000+1)
			value := []string{"-1", "-0", "0", "1e-400", "-1e-400", "1e400", "2e400", "7"}[random.IntN(8)]
			b.Number(5, 0, value, []string{value, ""}[random.IntN(2)])
			items[i] = index.Item{Type: 1, ID: uuid(int(n), 1), Values: new(index.Prepared)}
			require.NoError(t, x.Prepare(items[i].Values, b.Payload()))
		}
		v := x.View()
		require.NoError(t, x.Apply(v.Sequence()+1, 0, v.Last()+1, items))
	}
	half, _ := x.ViewAt(records / 2)
	some := roaring.New()
	for o := range uint32(size * records) {
		if random.IntN(3) == 0 {
			some.Add(o)
		}
	}
	for _, v := range []index.View{x.View(), half} {
		for _, set := range []*roaring.Bitmap{some, v.AllVisible(), roaring.BitmapOf(5, 20_000), roaring.New()} {
			for _, n := range []int{1, 50, 3000} {
				for _, descending := range []bool{false, true} {
					for p := index.Param(1); p <= 4; p++ {
						require.Equal(t, ranked(v.Dates(p).Keys(set), n, descending), ordinalsOf(v.Dates(p).Best(set, n, descending)))
					}
					require.Equal(t, ranked(v.Numbers(5).Keys(set), n, descending), ordinalsOf(v.Numbers(5).Best(set, n, descending)))
				}
			}
		}
	}
}
