package index_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// A scannedNumber is a quantity; an end that is empty is open.
type scannedNumber struct{ low, high, unit string }

// fits is a NumberWindow by its definition.
func (n scannedNumber) fits(w *index.NumberWindow) bool {
	below := func(l index.Limit, s string, open bool) bool {
		if l.Value == "" || s == "" {
			return l.Value == "" || open
		}
		c := compare(l.Value, s)
		return c < 0 || c == 0 && !l.Excluded
	}
	above := func(l index.Limit, s string, open bool) bool {
		if l.Value == "" || s == "" {
			return l.Value == "" || open
		}
		c := compare(l.Value, s)
		return c > 0 || c == 0 && !l.Excluded
	}
	return below(w.LowMin, n.low, false) && above(w.LowMax, n.low, true) &&
		below(w.HighMin, n.high, true) && above(w.HighMax, n.high, false)
}

// numberColumn is an index of quantities, ordinal after ordinal, and the same in
// plain.
type numberColumn struct {
	view   index.View
	values [][]scannedNumber // by ordinal
	blocks [][]byte
}

func newNumberColumn(t testing.TB, values [][]scannedNumber) *numberColumn {
	c := &numberColumn{values: append([][]scannedNumber{nil}, values...), blocks: make([][]byte, 1)}
	x := index.New([16]byte{1}, nil)
	items := make([]index.Item, len(values))
	var b index.Builder
	for i, numbers := range values {
		b.Reset()
		for _, n := range numbers {
			b.Quantity(1, 0, n.low, n.high, "s", n.unit, "")
		}
		c.blocks = append(c.blocks, bytes.Clone(b.Payload()))
		p := new(index.Prepared)
		require.NoError(t, x.Prepare(p, c.blocks[i+1]))
		items[i] = index.Item{Type: 1, ID: fmt.Sprint(i), Values: p}
	}
	require.NoError(t, x.Apply(1, 1, 1, items))
	c.view = x.View()
	return c
}

// check compares what is found with what fits by definition.
func (c *numberColumn) check(t *testing.T, of func(unit string) []index.NumberWindow) {
	t.Helper()
	want, odd, few := roaring.New(), roaring.New(), roaring.New()
	known := map[scannedNumber]bool{}
	fit := func(n scannedNumber) bool {
		fits, ok := known[n]
		if !ok {
			fits = slices.ContainsFunc(of(n.unit), func(w index.NumberWindow) bool { return n.fits(&w) })
			known[n] = fits
		}
		return fits
	}
	for o, numbers := range c.values {
		if slices.ContainsFunc(numbers, fit) {
			want.Add(uint32(o))
		}
		if o%2 == 1 {
			odd.Add(uint32(o))
		}
		if o%997 == 5 {
			few.Add(uint32(o))
		}
	}
	q := index.NumberQuery{
		InUnit: func(_, code, _ string) ([]index.NumberWindow, error) { return of(code), nil },
		Values: func(o index.Ordinal) ([]byte, error) { return c.blocks[o], nil },
	}
	for _, set := range []*roaring.Bitmap{nil, odd, few} {
		fits := want
		if set != nil {
			fits = roaring.And(want, set)
		}
		got, err := c.view.Numbers(1).Match(set, q)
		require.NoError(t, err)
		require.Equal(t, fits.GetCardinality(), got.GetCardinality())
		require.True(t, fits.Equals(got))
	}
}

// TestNumbersMatchAsEach matches numbers of a column of several ordered parts: with
// limits of which few, half and most are within, and where only text decides.
func TestNumbersMatchAsEach(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	const n = 19*4096 + 700 // parts of 16, 2 and 1 chunks, and a rest
	random := rand.New(rand.NewPCG(1, 2))
	units := []string{"", "a", "b", "c"}
	number := func() scannedNumber {
		value := fmt.Sprint(random.IntN(100))
		r := scannedNumber{value, value, units[random.IntN(len(units))]}
		switch random.IntN(40) {
		case 0:
			r.low = ""
		case 1:
			r.high = ""
		case 2:
			r.high = value + "9"
		case 3: // as float64 it is value
			r.low = value + ".00000000000000000001"
			r.high = r.low
		}
		return r
	}
	for name, values := range map[string]func(i int) int{
		"one":      func(int) int { return 1 },
		"several":  func(int) int { return random.IntN(4) },
		"some two": func(i int) int { return 1 + i%3000/2999 },
		"sparse":   func(i int) int { return (i%12 + 1) / 12 * 3 },
	} {
		t.Run(name, func(t *testing.T) {
			all := make([][]scannedNumber, n)
			for i := range all {
				for range values(i) {
					all[i] = append(all[i], number())
				}
			}
			column := newNumberColumn(t, all)
			in := func(value string) index.Limit { return index.Limit{Value: value} }
			ex := func(value string) index.Limit { return index.Limit{Value: value, Excluded: true} }
			for _, value := range []string{"-1", "0", "3", "50", "96", "200", "50.00000000000000000001", "3.00000000000000000002", "95.99999999999999999999"} {
				for _, windows := range [][]index.NumberWindow{
					{{HighMin: ex(value)}},
					{{LowMax: ex(value)}},
					{{HighMin: ex(value)}, index.NumberWithin(in(value), in(value))},
					{{LowMax: ex(value)}, {HighMin: ex(value)}},
					{{HighMin: ex(value)}, {LowMax: ex(value)}},
					{index.NumberWithin(in(value), ex("97"))},
					{index.NumberWithin(ex(value), in(value))},
					{index.NumberOverlaps(in(value), in("60"))},
					{{LowMin: in("10"), HighMin: in(value)}, {HighMin: ex("20")}},
					{{HighMin: in("5")}, index.NumberWithin(in("6"), in(value))},
					{{}},
				} {
					column.check(t, func(string) []index.NumberWindow { return windows })
					column.check(t, func(unit string) []index.NumberWindow {
						return map[string][]index.NumberWindow{"a": windows, "b": {{HighMin: in("1")}}}[unit]
					})
				}
			}
		})
	}
}

// TestNumbersOfTwoParts matches a resource whose first value is the last of a part,
// and whose second the first of the next.
func TestNumbersOfTwoParts(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	point := func(value string) scannedNumber { return scannedNumber{value, value, "a"} }
	for _, two := range []string{"0 0", "0 9", "9 0", "9 9"} {
		first, second, _ := strings.Cut(two, " ")
		values := make([][]scannedNumber, 17*4096+10)
		for i := range values {
			values[i] = []scannedNumber{point(fmt.Sprint(i % 10))}
		}
		values[16*4096-1] = []scannedNumber{point(first), point(second)}
		column := newNumberColumn(t, values)
		for _, limit := range []string{"1", "5", "9"} {
			column.check(t, func(string) []index.NumberWindow {
				return []index.NumberWindow{{HighMin: index.Limit{Value: limit}}}
			})
		}
	}
}

// BenchmarkNumbers matches the numbers of 500,000 resources, of which each tenth has
// another unit of ten, with a set of 40 % of them.
func BenchmarkNumbers(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	values := make([][]scannedNumber, 500_000)
	set := roaring.New()
	for i := range values {
		value := fmt.Sprint(random.IntN(1000))
		values[i] = []scannedNumber{{value, value, fmt.Sprint(random.IntN(10))}}
		if i%500 == 7 {
			values[i][0].high = ""
		}
		if random.IntN(5) < 2 {
			set.Add(uint32(i + 1))
		}
	}
	column := newNumberColumn(b, values).view.Numbers(1)
	limit := index.Limit{Value: "500"}
	for _, c := range []struct {
		name    string
		windows []index.NumberWindow
	}{
		{"eq", []index.NumberWindow{index.NumberWithin(limit, limit)}},
		{"gt", []index.NumberWindow{{HighMin: limit}}},
		{"ne", []index.NumberWindow{{LowMax: index.Limit{Value: "500", Excluded: true}}, {HighMin: index.Limit{Value: "500", Excluded: true}}}},
	} {
		for name, q := range map[string]index.NumberQuery{
			"any unit": {Windows: c.windows},
			"one unit": {InUnit: func(_, code, _ string) ([]index.NumberWindow, error) {
				if code != "7" {
					return nil, nil
				}
				return c.windows, nil
			}},
		} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				found := uint64(0)
				b.ReportAllocs()
				for b.Loop() {
					got, err := column.Match(set, q)
					require.NoError(b, err)
					found = got.GetCardinality()
				}
				b.ReportMetric(float64(found), "found")
			})
		}
	}
}
