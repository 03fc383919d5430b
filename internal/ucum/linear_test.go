package ucum_test

import (
	"math/big"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/ucum"
)

func TestLinear(t *testing.T) {
	for _, c := range []struct{ from, to, factor, offset string }{
		{"g", "mg", "1000", "0"},
		{"mg", "kg", "1/1000000", "0"},
		{"mg", "[lb_av]", "100/45359237", "0"},
		{"%", "1", "1/100", "0"},
		{"{score}", "1", "1", "0"},
		{"Cel", "K", "1", "5463/20"},
		{"K", "Cel", "1", "-5463/20"},
		{"Cel", "[degF]", "9/5", "32"},
		{"[degF]", "Cel", "5/9", "-160/9"},
		{"mCel", "Cel", "1/1000", "0"},
		{"Cel", "mCel", "1000", "0"},
		{"K", "mCel", "1000", "-273150"},
		{"10.dB", "B", "1", "0"},
		{"2.[pH]", "[pH]", "2", "0"},
		{"mmol/L", "10*3/uL", "602213670000", "0"},
		{"mm[Hg]", "Pa", "133322/1000", "0"},
		{"[iU]/L", "k[iU]/L", "1/1000", "0"},
		{"[pi].rad", "2.[pi].rad", "1/2", "0"},
	} {
		factor, offset, ok := ucum.Linear(parse(t, c.from), parse(t, c.to))
		require.True(t, ok, "%s in %s", c.from, c.to)
		assert.Zero(t, rat(t, c.factor).Cmp(factor), "%s in %s: factor %s", c.from, c.to, factor)
		assert.Zero(t, rat(t, c.offset).Cmp(offset), "%s in %s: offset %s", c.from, c.to, offset)
	}
	for _, c := range [][2]string{
		{"g", "m"}, {"[iU]", "[arb'U]"}, {"g", "[iU]"}, {"[pH]", "mol/L"}, {"mol/L", "[pH]"}, {"B", "Np"}, {"B[V]", "B[W]"},
	} {
		_, _, ok := ucum.Linear(parse(t, c[0]), parse(t, c[1]))
		assert.False(t, ok, "%s in %s", c[0], c[1])
	}
}

// TestLinearIsConvert wants the line to lead where Convert does, to its digits.
func TestLinearIsConvert(t *testing.T) {
	codes := []string{"g", "mg", "[lb_av]", "K", "Cel", "[degF]", "[degRe]", "mCel", "deg", "rad", "1", "%", "mol", "mm[Hg]", "Pa", "a", "mo", "d", "dB", "B"}
	rapid.Check(t, func(t *rapid.T) {
		from := parse(t, rapid.SampledFrom(codes).Draw(t, "from"))
		to := parse(t, rapid.SampledFrom(codes).Draw(t, "to"))
		factor, offset, ok := ucum.Linear(from, to)
		if !ok {
			return
		}
		x := apd.New(rapid.Int64Range(-1e9, 1e9).Draw(t, "x"), int32(rapid.IntRange(-6, 3).Draw(t, "exponent")))
		var converted apd.Decimal
		if err := ucum.Convert(&converted, x, from, to); err != nil {
			return // a number that is none of a logarithm
		}
		want := rat(t, converted.Text('f'))
		got := rat(t, x.Text('f'))
		got.Add(got.Mul(got, factor), offset)
		difference := new(big.Rat).Abs(new(big.Rat).Sub(got, want))
		limit := new(big.Rat).Mul(new(big.Rat).Abs(want), rat(t, "1e-33"))
		require.LessOrEqual(t, difference.Cmp(limit), 0, "%s %s is %s %s, not %s", x, from.Code(), want, to.Code(), got)
	})
}

func rat(t require.TestingT, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	return r
}
