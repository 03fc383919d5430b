package ucum_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/ucum"
)

var symbols = []string{
	"m", "cm", "km", "s", "min", "h", "g", "kg", "mg", "[lb_av]", "[in_i]", "L", "mL", "mol", "mmol", "K", "C",
	"rad", "deg", "cd", "N", "Pa", "mm[Hg]", "J", "cal", "%", "10*3", "10*-6", "[iU]", "k[IU]", "[arb'U]", "[pi]",
	"U", "[degR]", "eV", "[Ch]",
}

// ratioUnit draws a unit that is a multiple of its base.
func ratioUnit(t *rapid.T, label string) *ucum.Unit {
	var code strings.Builder
	for i := range rapid.IntRange(1, 4).Draw(t, label+" symbols") {
		if i > 0 {
			code.WriteString(rapid.SampledFrom([]string{".", "/"}).Draw(t, "operator"))
		}
		symbol := rapid.SampledFrom(symbols).Draw(t, "symbol")
		code.WriteString(symbol)
		if !strings.HasPrefix(symbol, "10*") && rapid.Bool().Draw(t, "raised") {
			code.WriteString(strconv.Itoa(rapid.IntRange(-3, 3).Draw(t, "exponent")))
		}
	}
	return parse(t, code.String())
}

func decimal(t *rapid.T, label string) *apd.Decimal {
	return apd.New(rapid.Int64().Draw(t, label), rapid.Int32Range(-30, 30).Draw(t, label+" exponent"))
}

// A value comes back from another unit of its dimension.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := ratioUnit(t, "u")
		factor := ratioUnit(t, "v")
		both, err := ucum.Multiply(u, factor)
		require.NoError(t, err)
		v, err := ucum.Divide(both, parse(t, factor.Canonical()))
		require.NoError(t, err)
		require.True(t, u.Comparable(v))

		x := decimal(t, "x")
		var there, back apd.Decimal
		require.NoError(t, ucum.Convert(&there, x, u, v))
		require.NoError(t, ucum.Convert(&back, &there, v, u))
		requireClose(t, x, &back)
	})
}

// requireClose allows for two roundings.
func requireClose(t require.TestingT, want, got *apd.Decimal) {
	var difference, bound apd.Decimal
	c := apd.BaseContext.WithPrecision(100)
	_, err := c.Sub(&difference, want, got)
	require.NoError(t, err)
	_, err = c.Mul(&bound, want, apd.New(1, 2-ucum.Precision))
	require.NoError(t, err)
	require.LessOrEqual(t, difference.Abs(&difference).Cmp(bound.Abs(&bound)), 0, "%s and %s", want, got)
}

// The word-sized way, the long way and the decimal way agree.
func TestBaseValueWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := ratioUnit(t, "u")
		x := decimal(t, "x")
		text, err := u.BaseValue(x.String())
		require.NoError(t, err)
		// Twenty zeros more do not fit a word, and change nothing.
		const zeros = 20
		long := x.Text('f')
		if !strings.Contains(long, ".") {
			long += "."
		}
		again, err := u.BaseValue(long + strings.Repeat("0", zeros))
		require.NoError(t, err)
		require.Equal(t, text, again)
		var d apd.Decimal
		require.NoError(t, u.ToBase(&d, x))
		require.Zero(t, d.Cmp(number(t, text)), "%s and %s", &d, text)
		var back apd.Decimal
		require.NoError(t, u.FromBase(&back, &d))
		requireClose(t, x, &back)
	})
}

// Order is antisymmetric and that of the base values.
func TestCompareAgreesWithBaseValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := ratioUnit(t, "u")
		v, err := ucum.Multiply(u, parse(t, rapid.SampledFrom([]string{"1", "3", "%", "10*3", "/7"}).Draw(t, "factor")))
		require.NoError(t, err)
		x, y := decimal(t, "x"), decimal(t, "y")
		forth, err := ucum.Compare(x, u, y, v)
		require.NoError(t, err)
		back, err := ucum.Compare(y, v, x, u)
		require.NoError(t, err)
		require.Equal(t, forth, -back)
		var a, b apd.Decimal
		require.NoError(t, u.ToBase(&a, x))
		require.NoError(t, v.ToBase(&b, y))
		if order := a.Cmp(&b); order != 0 {
			require.Equal(t, order, forth)
		}
	})
}

func TestSpecialRoundTrip(t *testing.T) {
	specials := []string{
		"Cel", "[degF]", "[degRe]", "mCel", "[pH]", "Np", "B", "dB", "B[SPL]", "B[V]", "dB[mV]", "B[uV]", "B[10.nV]",
		"B[W]", "B[kW]", "bit_s", "%[slope]", "[p'diop]", "[hp'_X]", "[hp'_C]", "[hp'_M]", "[hp'_Q]", "[m/s2/Hz^(1/2)]",
	}
	rapid.Check(t, func(t *rapid.T) {
		u := parse(t, rapid.SampledFrom(specials).Draw(t, "u"))
		require.True(t, u.Special())
		x := apd.New(rapid.Int64Range(1, 99999).Draw(t, "x"), -3)
		base, back := new(apd.Decimal), new(apd.Decimal)
		unit := parse(t, u.Canonical())
		require.NoError(t, ucum.Convert(base, x, u, unit))
		require.NoError(t, ucum.Convert(back, base, unit, u))
		// A logarithm keeps as many digits after the point as its argument has.
		var difference apd.Decimal
		_, err := apd.BaseContext.WithPrecision(60).Sub(&difference, x, back)
		require.NoError(t, err)
		require.Negative(t, difference.Abs(&difference).Cmp(apd.New(1, -28)), "%s: %s and %s", u.Code(), x, back)
	})
}

func FuzzParse(f *testing.F) {
	for _, code := range append(symbols, "mL/min/{1.73_m2}", "(a.(b/c))", "/10^-3", "dB[SPL]", "{", "[", "m-", "2.Cel") {
		f.Add(code, "5.4e-3")
	}
	f.Fuzz(func(t *testing.T, code, value string) {
		u, err := ucum.Parse(code)
		if err != nil {
			var syntax *ucum.SyntaxError
			require.True(t, errors.As(err, &syntax))
			require.True(t, syntax.Offset >= 0 && syntax.Offset <= len(code))
			return
		}
		base := parse(t, u.Canonical())
		require.True(t, u.Comparable(base))
		require.Equal(t, u.Canonical(), base.Canonical())
		text, err := u.BaseValue(value)
		if err != nil {
			require.True(t, errors.Is(err, ucum.ErrNumber) || errors.Is(err, ucum.ErrRange), "%v", err)
			return
		}
		x, _, err := apd.NewFromString(value)
		require.NoError(t, err)
		var d apd.Decimal
		if err := u.ToBase(&d, x); err == nil {
			require.Zero(t, d.Cmp(number(t, text)), "%s and %s", &d, text)
		}
		if square, err := ucum.Multiply(u, u); err == nil {
			_, err = ucum.Divide(square, u)
			require.NoError(t, err)
		}
	})
}
