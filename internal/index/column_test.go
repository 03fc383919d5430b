package index_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// Long columns are scanned in another way than short ones: by the order of
// their full chunks. Both must find what a look at each value finds.
func TestLongColumns(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	const n = 15_000
	kinds := map[string]func(r *rand.Rand) (from, to int64){
		"instants": func(r *rand.Rand) (int64, int64) { d := r.Int64N(1000); return d, d + 1 },
		"periods":  func(r *rand.Rand) (int64, int64) { d := r.Int64N(1000); return d, d + r.Int64N(300) },
		"open": func(r *rand.Rand) (int64, int64) {
			d := r.Int64N(1000)
			switch r.IntN(50) {
			case 0:
				return openFrom, d
			case 1:
				return d, openTo
			case 2:
				return openFrom, openTo
			}
			return d, d + 5
		},
		"inverted": func(r *rand.Rand) (int64, int64) { return r.Int64N(1000), r.Int64N(1000) },
		"extremes": func(r *rand.Rand) (int64, int64) { return int64(r.Uint64()), int64(r.Uint64()) },
		"equal":    func(*rand.Rand) (int64, int64) { return 500, 501 },
	}
	for name, draw := range kinds {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			x := index.New([16]byte{}, nil)
			from, to := make([]int64, n+1), make([]int64, n+1)
			items := make([]index.Item, n)
			for i := range items {
				from[i+1], to[i+1] = draw(random)
				p := new(index.Prepared)
				require.NoError(t, x.Prepare(p, encode([]index.Entry{
					{Kind: index.KindDate, From: from[i+1], To: to[i+1]},
					{Kind: index.KindNumber, Param: 1, Low: decimal(from[i+1]), High: decimal(to[i+1])},
				})))
				items[i] = index.Item{Type: 1, ID: uuid(i, 0), Values: p}
			}
			require.NoError(t, x.Apply(1, 0, 1, items))
			v := x.View()
			odd, few := roaring.New(), roaring.BitmapOf(1, 77, 5000, n)
			for o := uint32(1); o <= n; o += 2 {
				odd.Add(o)
			}
			for range 20 {
				low, high := random.Int64N(1100)-50, random.Int64N(1100)-50
				for i, w := range []index.DateWindow{
					index.AnyDate(), index.DateWithin(low, high), index.DateOverlaps(low, high), index.DateStartsBefore(low),
					index.DateStartsFrom(low), index.DateEndsAfter(low), index.DateEndsBy(low), index.DateWithin(low, low+5),
					index.DateStartsBefore(openFrom), index.DateEndsAfter(openTo),
				} {
					want := roaring.New()
					for o := 1; o <= n; o++ {
						if w.FromMin <= from[o] && from[o] <= w.FromMax && w.ToMin <= to[o] && to[o] <= w.ToMax {
							want.Add(uint32(o))
						}
					}
					for _, set := range []*roaring.Bitmap{nil, odd, few} {
						fits := want
						if set != nil {
							fits = roaring.And(want, set)
						}
						require.True(t, fits.Equals(v.Dates(0).Match(set, w)), "dates: window %d of %d, %d", i, low, high)
						// As a number limit, an open end is none.
						if name == "extremes" || w.FromMax == openFrom || w.ToMin == openTo {
							continue
						}
						got, err := v.Numbers(1).Match(set, index.NumberQuery{
							Windows: []index.NumberWindow{{LowMin: limit(w.FromMin), LowMax: limit(w.FromMax), HighMin: limit(w.ToMin), HighMax: limit(w.ToMax)}},
							Values:  func(index.Ordinal) ([]byte, error) { panic("no tie needs it") },
						})
						require.NoError(t, err)
						require.True(t, fits.Equals(got), "numbers: window %d of %d, %d", i, low, high)
					}
				}
			}
		})
	}
}

// decimal writes an end as a number; open ends are empty.
func decimal(t int64) string {
	if t == openFrom || t == openTo {
		return ""
	}
	return fmt.Sprint(t)
}

func limit(t int64) index.Limit { return index.Limit{Value: decimal(t)} }
