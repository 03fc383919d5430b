package index_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// texted is an index of n versions. Every text of the even ones is their own, and many of
// the odd ones share one; some have a second text.
func texted(t *testing.T, n int) (x *index.Index, texts [][]string) {
	x, texts = index.New([16]byte{1}, nil), make([][]string, n+1)
	random := rand.New(rand.NewPCG(1, 2))
	var builder index.Builder
	for from := 1; from <= n; from += 100 {
		items := make([]index.Item, min(100, n+1-from))
		for i := range items {
			o := from + i
			texts[o] = []string{fmt.Sprintf("%c%d", 'a'+random.IntN(3), o)}
			if o%2 == 1 {
				texts[o] = []string{fmt.Sprintf("%cx%d", 'a'+random.IntN(3), random.IntN(3))}
			}
			if o%7 == 0 {
				texts[o] = append(texts[o], fmt.Sprint("ab", o%11))
			}
			builder.Reset()
			for _, text := range texts[o] {
				builder.Text(3, 0, text, strings.ToUpper(text))
			}
			values := new(index.Prepared)
			require.NoError(t, x.Prepare(values, builder.Payload()))
			items[i] = index.Item{Type: 1, ID: fmt.Sprint(o), Values: values}
		}
		v := x.View()
		require.NoError(t, x.Apply(v.Sequence()+1, v.Time()+1, v.Last()+1, items))
	}
	return x, texts
}

// Whatever the size of the set, and so the way, Match finds what a scan of all texts finds,
// in the newest view and in older ones.
func TestTextsMatch(t *testing.T) {
	x, texts := texted(t, 9000)
	random := rand.New(rand.NewPCG(3, 4))
	free := func(int, int, int) error { return nil }
	for _, sequence := range []uint64{1, 7, 60, x.View().Sequence()} {
		v, ok := x.ViewAt(sequence)
		require.True(t, ok)
		for _, size := range []int{-1, 0, 1, 3, 40, 200, 2000, 20_000} {
			var set *roaring.Bitmap
			if size >= 0 {
				set = roaring.New()
				for range size {
					set.Add(1 + random.Uint32N(uint32(len(texts))))
				}
			}
			for _, c := range [][2]string{{"", "1"}, {"", ""}, {"", "none"}, {"a", ""}, {"a", "5"}, {"bx1", ""}, {"ab", ""}, {"z", ""}, {"c123", ""}} {
				prefix, part := c[0], c[1]
				want := roaring.New()
				for o := uint32(1); o <= uint32(v.Last()); o++ {
					for _, text := range texts[o] {
						if strings.HasPrefix(text, prefix) && strings.Contains(text, part) && (set == nil || set.Contains(o)) {
							want.Add(o)
						}
					}
				}
				before := set
				if set != nil {
					before = set.Clone()
				}
				got, err := v.Texts(3).Match(set, index.TextQuery{
					Prefix: prefix, Charge: free,
					Holds: func(text string) bool { return strings.Contains(text, part) },
				})
				require.NoError(t, err)
				require.Equal(t, want.ToArray(), got.ToArray(), "%q %q among %d as of %d", prefix, part, size, sequence)
				got.Add(1 << 30) // the result is the caller's
				got.RemoveRange(0, 1<<29)
				if set != nil {
					require.True(t, before.Equals(set))
				}
			}
		}
	}
	got, err := x.View().Texts(4).Match(nil, index.TextQuery{Charge: free})
	require.NoError(t, err)
	require.True(t, got.IsEmpty())
}

// The work is counted on both ways, and an error ends it.
func TestTextsMatchCharges(t *testing.T) {
	x, _ := texted(t, 3000)
	limit := errors.New("limit")
	for _, set := range []*roaring.Bitmap{nil, roaring.BitmapOf(1, 2, 3, 4, 5, 6)} {
		looked, found := 0, 0
		q := index.TextQuery{
			Holds: func(string) bool { return true },
			Charge: func(texts, _, ordinals int) error {
				looked, found = looked+texts, found+ordinals
				return nil
			},
		}
		_, err := x.View().Texts(3).Match(set, q)
		require.NoError(t, err)
		if set == nil {
			require.Greater(t, looked, 1500)
			require.GreaterOrEqual(t, found, 3000)
		} else {
			require.Equal(t, 6, looked)
			require.Equal(t, 6, found)
		}
		q.Charge = func(int, int, int) error { return limit }
		_, err = x.View().Texts(3).Match(set, q)
		require.ErrorIs(t, err, limit)
	}
}
