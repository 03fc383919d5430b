package index_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// Whatever form the values of full chunks take, they are what was applied, in views
// from before and after the chunks became full.
func TestPackedChunks(t *testing.T) {
	const n, size, second = 10_000, 500, 1_000_000
	random := rand.New(rand.NewPCG(1, 2))
	dates := map[index.Param]func() (from, to int64){
		1: func() (int64, int64) { f := random.Int64N(1e9) * second; return f, f + second },
		2: func() (int64, int64) { f := -random.Int64N(1e12) * 1000; return f, f + 1000 },
		3: func() (int64, int64) { f := random.Int64N(1e14); return f, f + 1 },
		4: func() (int64, int64) { f := random.Int64N(1 << 57); return f, f + 1 },
		5: func() (int64, int64) { f := random.Int64N(1e6) * second; return f, f + random.Int64N(1000)*second },
		6: func() (int64, int64) { return random.Int64N(1e6) * second, openTo },
		7: func() (int64, int64) { return openFrom, random.Int64N(1e6) * second },
		8: func() (int64, int64) { return 1 << 61, 1 << 62 },
		9: func() (int64, int64) { f := random.Int64N(50) * 86400 * second; return f, f - random.Int64N(3) },
	}
	numbers := map[index.Param]func() (low, high, unit string){
		11: func() (string, string, string) {
			v := fmt.Sprint(random.IntN(1000), ".", random.IntN(10))
			return v, v, []string{"kg", "g"}[random.IntN(2)]
		},
		12: func() (string, string, string) { return "1", fmt.Sprint(1 + random.IntN(3)), "kg" },
		13: func() (string, string, string) { return "5", "5", fmt.Sprint(random.IntN(400)) },
		14: func() (string, string, string) { v := "0.1000000000000000000001"; return v, v, "" },
		15: func() (string, string, string) { return "", "7", "kg" },
	}
	type span struct{ from, to int64 }
	want := map[index.Param][]span{}
	x := index.New([16]byte{1}, nil)
	var b index.Builder
	var early index.View
	for at := 0; at < n; at += size {
		items := make([]index.Item, size)
		for i := range items {
			b.Reset()
			for p := index.Param(1); p <= 9; p++ {
				from, to := dates[p]()
				b.Date(p, 0, from, to)
				want[p] = append(want[p], span{from, to})
			}
			for p := index.Param(11); p <= 15; p++ {
				low, high, unit := numbers[p]()
				b.Quantity(p, 0, low, high, "u", unit, unit)
			}
			items[i] = index.Item{Type: 1, ID: uuid(at+i, 1), Values: new(index.Prepared)}
			require.NoError(t, x.Prepare(items[i].Values, b.Payload()))
		}
		v := x.View()
		require.NoError(t, x.Apply(v.Sequence()+1, 0, v.Last()+1, items))
		if at == 4000 {
			early = x.View()
		}
	}
	odd := roaring.New()
	for o := uint32(1); o <= n; o += 2 {
		odd.Add(o)
	}
	for _, v := range []index.View{early, x.View()} {
		for p, all := range want {
			found := 0
			for o, s := range v.Dates(p).Keys(v.AllVisible()) {
				found++
				if w := all[o-1]; s.Min != w.from || s.Max != w.to {
					t.Fatalf("param %d: %v of %d, not %v", p, s, o, w)
				}
			}
			require.Equal(t, int(v.Last()), found)
			low, high := all[7].from, all[70].to
			matched := roaring.New()
			for i, w := range all[:v.Last()] {
				if low <= w.from && w.to <= high {
					matched.Add(uint32(i) + 1)
				}
			}
			require.True(t, matched.Equals(v.Dates(p).Match(nil, index.DateWithin(low, high))), "param %d", p)
			matched.And(odd)
			require.True(t, matched.Equals(v.Dates(p).Match(odd, index.DateWithin(low, high))), "param %d", p)
		}
		// As the same numbers are found where nothing is packed: one by one.
		for p := range numbers {
			one := index.NumberWithin(index.Limit{Value: "2"}, index.Limit{Value: "500"})
			q := index.NumberQuery{Windows: []index.NumberWindow{one}}
			got, err := v.Numbers(p).Match(nil, q)
			require.NoError(t, err)
			few := roaring.New()
			for o := uint32(1); o <= uint32(v.Last()); o += 100 {
				set := roaring.BitmapOf(o)
				one, err := v.Numbers(p).Match(set, q)
				require.NoError(t, err)
				require.Equal(t, got.Contains(o), one.Contains(o), "param %d", p)
				few.Or(one)
			}
			require.Equal(t, p == 11 || p == 13, !few.IsEmpty())
		}
	}
	s := x.Stats()
	require.Less(t, s.Params[1].Bytes.Columns, int64(n*18), "packed, but for the last chunk")
	require.Less(t, s.Params[11].Bytes.Columns, int64(n*23))
}
