package index_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// TestNumbersInUnits matches numbers of a few and of many units, each with limits
// of its own, against a loop over all.
func TestNumbersInUnits(t *testing.T) {
	const n = 3*4096 + 100
	for _, units := range []int{3, 40} {
		random := rand.New(rand.NewPCG(1, uint64(units)))
		low, high, unit := make([]int, n+1), make([]int, n+1), make([]int, n+1)
		x := index.New([16]byte{1}, nil)
		items := make([]index.Item, n)
		for i := range n {
			o := i + 1
			low[o], unit[o] = random.IntN(1000), i%units
			high[o] = low[o] + max(0, random.IntN(40)-30)
			var b index.Builder
			b.Quantity(1, 0, fmt.Sprint(low[o]), fmt.Sprint(high[o]), "s", fmt.Sprint(unit[o]), "")
			values := new(index.Prepared)
			require.NoError(t, x.Prepare(values, b.Payload()))
			items[i] = index.Item{Type: 1, ID: fmt.Sprint(i), Values: values}
		}
		require.NoError(t, x.Apply(1, 1, 1, items))
		v := x.View()
		odd, few := roaring.New(), roaring.BitmapOf(7, 4096, 4097, n, n+5)
		for o := uint32(1); o <= n; o += 2 {
			odd.Add(o)
		}
		at := func(n int) index.Limit { return index.Limit{Value: fmt.Sprint(n)} }
		for name, c := range map[string]struct {
			windows func(limit int) []index.NumberWindow
			fits    func(low, high, limit int) bool
		}{
			"within": {
				func(l int) []index.NumberWindow { return []index.NumberWindow{index.NumberWithin(at(l), at(l+9))} },
				func(low, high, l int) bool { return low >= l && high <= l+9 },
			},
			"above": {
				func(l int) []index.NumberWindow { return []index.NumberWindow{{HighMin: at(l)}} },
				func(_, high, l int) bool { return high >= l },
			},
			"below": {
				func(l int) []index.NumberWindow { return []index.NumberWindow{{LowMax: at(l)}} },
				func(low, _, l int) bool { return low <= l },
			},
			"outside": {
				func(l int) []index.NumberWindow { return []index.NumberWindow{{LowMax: at(l)}, {HighMin: at(l + 9)}} },
				func(low, high, l int) bool { return low <= l || high >= l+9 },
			},
		} {
			// The limit is 20 times the unit; every fifth unit does not count.
			asked := map[string]int{}
			q := index.NumberQuery{InUnit: func(_, code, _ string) ([]index.NumberWindow, error) {
				asked[code]++
				var u int
				if _, err := fmt.Sscan(code, &u); err != nil || u%5 == 4 {
					return nil, nil
				}
				return c.windows(20 * u), nil
			}}
			want := roaring.New()
			for o := 1; o <= n; o++ {
				if unit[o]%5 != 4 && c.fits(low[o], high[o], 20*unit[o]) {
					want.Add(uint32(o))
				}
			}
			for _, set := range []*roaring.Bitmap{nil, odd, few} {
				clear(asked)
				fits := want
				if set != nil {
					fits = roaring.And(want, set)
				}
				got, err := v.Numbers(1).Match(set, q)
				require.NoError(t, err)
				require.True(t, fits.Equals(got), "%s in %d units", name, units)
				for code, times := range asked {
					require.Equal(t, 1, times, "unit %s", code)
				}
			}
		}
		failure := errors.New("no")
		for _, set := range []*roaring.Bitmap{nil, few} {
			_, err := v.Numbers(1).Match(set, index.NumberQuery{InUnit: func(string, string, string) ([]index.NumberWindow, error) { return nil, failure }})
			require.ErrorIs(t, err, failure)
			_, err = v.Numbers(1).Match(set, index.NumberQuery{InUnit: func(string, string, string) ([]index.NumberWindow, error) {
				return []index.NumberWindow{{LowMin: index.Limit{Value: "x"}}}, nil
			}})
			require.ErrorIs(t, err, index.ErrNumber)
		}
	}
}
