package decimal_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/decimal"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text        string
		coefficient uint64
		exponent    int64
		digits      int
	}{
		{"0", 0, 0, 0}, {"-0.00", 0, -2, 0}, {"0e5", 0, 5, 0}, {"7", 7, 0, 1}, {"+7", 7, 0, 1}, {"1.50", 150, -2, 2}, {"-0.050", 50, -3, 1},
		{"100", 100, 0, 1}, {"1e2", 1, 2, 1}, {"1.5E-3", 15, -4, 2}, {"007", 7, 0, 1}, {"10.01", 1001, -2, 4},
		{"999999999999999999", 999999999999999999, 0, 18}, {"000000000000000000000.5", 5, -1, 1},
	} {
		d, ok := decimal.Parse(c.text)
		require.True(t, ok, c.text)
		require.True(t, d.Exact, c.text)
		require.Equal(t, c.coefficient, d.Coefficient, c.text)
		require.Equal(t, c.exponent, d.Exponent, c.text)
		require.Equal(t, c.digits, d.Digits(), c.text)
		require.Equal(t, c.text[0] == '-', d.Negative, c.text)
		b, ok := decimal.Parse([]byte(c.text))
		require.True(t, ok, c.text)
		require.Equal(t, d.Exponent, b.Exponent)
	}
	for _, text := range []string{"1000000000000000000", "0.1234567890123456789", "1e1000000000000001", "1e99999999999999999999999"} {
		d, ok := decimal.Parse(text)
		require.True(t, ok, text)
		require.False(t, d.Exact, text)
		require.Equal(t, text[1] == 'e', d.Cut, text)
	}
	for _, text := range []string{"", "-", "+", ".", ".5", "5.", "-.5", "1e", "1e+", "e5", "1e5.", "1e5e5", "1.2.3", "--1", "0x1", "NaN", "Infinity", "1_0", " 1", "1 ", "1,5", "٣"} {
		_, ok := decimal.Parse(text)
		require.False(t, ok, "%q", text)
	}
}

// What is compared is the value, however it is written and however long.
func TestCompare(t *testing.T) {
	number := rapid.StringMatching(`[+-]?(0{0,3}|[1-9][0-9]{0,30})[0-9](\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if rapid.Bool().Draw(t, "near") {
			if b = a; strings.ContainsAny(a, ".") && !strings.ContainsAny(a, "eE") {
				b = a + rapid.SampledFrom([]string{"0", "1", "00", "e0"}).Draw(t, "more")
			}
		}
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		require.True(t, okX && okY, "%s %s", a, b)
		d, ok := decimal.Parse(a)
		require.True(t, ok, a)
		e, ok := decimal.Parse(b)
		require.True(t, ok, b)
		require.Equal(t, x.Cmp(y), d.Compare(e), "%s %s", a, b)
		require.Equal(t, -x.Cmp(y), e.Compare(d), "%s %s", a, b)
		if order, ok := decimal.CompareWords(a, b); ok {
			require.Equal(t, x.Cmp(y), order, "%s %s", a, b)
		}
		require.Equal(t, x.Cmp(y) == 0, d.Equal(e), "%s %s", a, b)
		require.Equal(t, x.Sign(), d.Sign())
	})
}

// Exponents far beyond floating point are compared exactly; those that are cut are
// neither equal nor in the way of the others.
func TestLargeExponents(t *testing.T) {
	order := func(a, b string) int {
		x, okX := decimal.Parse(a)
		y, okY := decimal.Parse(b)
		require.True(t, okX && okY, "%s %s", a, b)
		require.Equal(t, -x.Compare(y), y.Compare(x))
		return x.Compare(y)
	}
	require.Equal(t, 1, order("1e90001", "1e90000"))
	require.Zero(t, order("10e999999999", "1e1000000000"))
	require.Equal(t, -1, order("1e999999999999998", "1e999999999999999"))
	require.Equal(t, 1, order("1e-999999999999998", "1e-999999999999999"))
	require.Equal(t, -1, order("-1e99999999999999999999", "-1e400"))
	require.Equal(t, 1, order("1e-99999999999999999999", "0"))
	huge, _ := decimal.Parse("10e99999999999999999998")
	same, _ := decimal.Parse("1e99999999999999999999")
	require.False(t, huge.Equal(same))
	zero, _ := decimal.Parse("0e99999999999999999999")
	require.Zero(t, zero.Sign())
}

func TestDoesNotAllocate(t *testing.T) {
	a, b := []byte("-123.4567890123456789012345e-5"), []byte("-0.0012345678901234567890123")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		x, _ := decimal.Parse(a)
		y, _ := decimal.Parse(b)
		x.Compare(y)
	}))
}

// Any text is read as package math/big reads it, or refused.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.50", "-0", "1e400", "0.000123e-7", "+12.", "1e999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := decimal.Parse(s)
		if !ok {
			return
		}
		if d.Compare(d) != 0 {
			t.Fatalf("%q is not itself", s)
		}
		if d.Exponent > 5000 || d.Exponent < -5000 || len(s) > 5000 {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q is no number", s)
		}
		if d.Sign() != want.Sign() {
			t.Fatalf("%q has sign %d", s, d.Sign())
		}
		half, ok := decimal.Parse(new(big.Rat).Quo(want, big.NewRat(2, 1)).FloatString(12000))
		if ok && d.Compare(half) != want.Sign() {
			t.Fatalf("%q is not beyond its half", s)
		}
	})
}

func BenchmarkCompare(b *testing.B) {
	for _, pair := range [][2]string{{"5", "7.5"}, {"123.45", "123.450"}, {"1e400", "1.0e399"}} {
		x, y := []byte(pair[0]), []byte(pair[1])
		b.Run(pair[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d, _ := decimal.Parse(x)
				e, _ := decimal.Parse(y)
				d.Compare(e)
			}
		})
	}
}

// Numbers of a few digits are compared in words, and read as integers.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		order int
	}{
		{"1.0", "1.00", 0}, {"-0", "0.000", 0}, {"2", "10", -1}, {"-2", "-10", 1}, {"-1", "1", -1}, {"1e3", "999.9", 1}, {"0e900", "0.1", -1},
	} {
		order, ok := decimal.CompareWords(c.a, c.b)
		require.True(t, ok, "%s %s", c.a, c.b)
		require.Equal(t, c.order, order, "%s %s", c.a, c.b)
	}
	for _, text := range []string{"1e18", "1e1001", "1e-1001", "1234567890123456789", "x", "", "1."} {
		_, ok := decimal.CompareWords(text, "1")
		require.False(t, ok, text)
	}
	n, exponent, ok := decimal.Integer("-1.50")
	require.True(t, ok)
	require.Equal(t, []int64{-150, -2}, []int64{n, exponent})
	_, _, ok = decimal.Integer("1234567890123456789")
	require.False(t, ok)
}
