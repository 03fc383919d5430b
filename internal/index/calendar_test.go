package index_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// Very long columns of dates are searched by calendars. They must find what a
// look at each value finds, in views of any age.
func TestCalendars(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	const (
		n         = 70_000 // ordinals, of which each has two dates
		day       = 86_400_000_000
		yearZero  = -62_167_219_200_000_000
		farFuture = 253_402_300_800_000_000 // the year 10,000
	)
	start := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	kinds := map[string]func(r *rand.Rand) (from, to int64){
		"instants": func(r *rand.Rand) (int64, int64) { d := start + r.Int64N(4000*day); return d, d + 1 },
		"days":     func(r *rand.Rand) (int64, int64) { d := start + r.Int64N(4000)*day; return d, d + day },
		"odd ones": func(r *rand.Rand) (int64, int64) {
			d := start + r.Int64N(4000)*day
			switch r.IntN(100) {
			case 0:
				return d, d + r.Int64N(900*day)
			case 1:
				return openFrom, d
			case 2:
				return yearZero + r.Int64N(500*day), yearZero + 500*day
			case 3:
				return farFuture - r.Int64N(500*day), farFuture + r.Int64N(500*day)
			case 4:
				return d, d - r.Int64N(100*day)
			case 5:
				return d, d
			}
			return d, d + 1_000_000
		},
		"open": func(r *rand.Rand) (int64, int64) { return start + r.Int64N(4000*day), openTo },
		"many years": func(r *rand.Rand) (int64, int64) {
			d := yearZero + 366*day + r.Int64N(3_000_000)*day
			return d, d + day
		},
	}
	for name, draw := range kinds {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			x := index.New([16]byte{}, nil)
			from, to := make([]int64, 2*n), make([]int64, 2*n)
			items := make([]index.Item, n)
			var b index.Builder
			var batch index.Batch
			values := make([]index.Prepared, n)
			for i := range items {
				b.Reset()
				for j := 2 * i; j < 2*i+2; j++ {
					from[j], to[j] = draw(random)
					b.Date(0, 0, from[j], to[j])
				}
				require.NoError(t, x.PrepareIn(&batch, &values[i], b.Payload()))
				items[i] = index.Item{Type: 1, ID: uuid(i, 0), Values: &values[i]}
			}
			const half = n/2 + 77
			require.NoError(t, x.Apply(1, 0, 1, items[:half]))
			early := x.View()
			require.NoError(t, x.Apply(2, 0, half+1, items[half:]))
			late := x.View()
			odd := roaring.New()
			for o := uint32(1); o <= n; o += 2 {
				odd.Add(o)
			}
			check := func(w index.DateWindow) {
				all := roaring.New()
				for j := range from {
					if w.FromMin <= from[j] && from[j] <= w.FromMax && w.ToMin <= to[j] && to[j] <= w.ToMax {
						all.Add(uint32(j/2) + 1)
					}
				}
				for _, v := range []index.View{late, early} {
					want := all.Clone()
					want.RemoveRange(uint64(v.Last())+1, 1<<32)
					require.True(t, want.Equals(v.Dates(0).Match(nil, w)), "window %v", w)
					want.And(odd)
					require.True(t, want.Equals(v.Dates(0).Match(odd, w)), "window %v", w)
				}
			}
			for range 2 {
				y, m := 2010+random.IntN(11), time.Month(random.IntN(12)+1)
				low := time.Date(y, m*time.Month(random.IntN(2)), 1, 0, 0, 0, 0, time.UTC).UnixMicro() + random.Int64N(3) - 1
				high := time.Date(y+random.IntN(3), m, 1, 0, 0, 0, 0, time.UTC).UnixMicro() + random.Int64N(3) - 1
				for _, w := range []index.DateWindow{
					index.DateWithin(low, high), index.DateOverlaps(low, high), index.DateStartsBefore(low),
					index.DateStartsFrom(low), index.DateEndsAfter(low), index.DateEndsBy(low),
				} {
					check(w)
				}
			}
			check(index.AnyDate())
			check(index.DateWithin(start+5*day, start+500*day))
		})
	}
}

// What Match returns is the caller's to change.
func TestCalendarsAreNotLent(t *testing.T) {
	x := index.New([16]byte{}, nil)
	const n = 70_000
	var batch index.Batch
	values := make([]index.Prepared, n)
	items := make([]index.Item, n)
	block := encode([]index.Entry{{Kind: index.KindDate, From: 0, To: 1}})
	for i := range items {
		require.NoError(t, x.PrepareIn(&batch, &values[i], block))
		items[i] = index.Item{Type: 1, ID: uuid(i, 0), Values: &values[i]}
	}
	require.NoError(t, x.Apply(1, 0, 1, items[:1<<16]))
	v := x.View()
	year := index.DateWithin(0, 365*86_400_000_000)
	for range 2 {
		found := v.Dates(0).Match(nil, year)
		require.Equal(t, 1<<16, int(found.GetCardinality()))
		found.Clear()
	}
}
