package ucum_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/ucum"
)

func TestMultiplyAndDivide(t *testing.T) {
	for _, c := range []struct{ u, v, product, quotient string }{
		{"cm", "cm", "cm2", "1"},
		{"cm", "m", "cm.m", "cm/m"},
		{"cm2", "cm", "cm3", "cm"},
		{"g", "m", "g.m", "g/m"},
		{"m/s", "s", "m", "m/s2"},
		{"1", "s", "s", "/s"},
		{"1", "1", "1", "1"},
		{"{score}", "{score}", "1", "1"},
		{"10*3/uL", "uL", "10*3", "10*3/uL2"},
		{"K/9", "3.K", "K2/3", "/27"},
		{"mL/(min.m2)", "m2", "mL/min", "mL/min/m4"},
	} {
		t.Run(c.u+" and "+c.v, func(t *testing.T) {
			product, err := ucum.Multiply(parse(t, c.u), parse(t, c.v))
			require.NoError(t, err)
			require.Equal(t, c.product, product.Code())
			quotient, err := ucum.Divide(parse(t, c.u), parse(t, c.v))
			require.NoError(t, err)
			require.Equal(t, c.quotient, quotient.Code())
		})
	}
}

func TestPower(t *testing.T) {
	for _, c := range []struct {
		u    string
		n    int
		want string
	}{
		{"cm", 2, "cm2"}, {"m/s", -1, "s/m"}, {"m/s", 0, "1"}, {"2.m", 3, "8.m3"},
	} {
		p, err := ucum.Power(parse(t, c.u), c.n)
		require.NoError(t, err)
		require.Equal(t, c.want, p.Code())
	}
	_, err := ucum.Power(parse(t, "m"), 1000)
	require.ErrorIs(t, err, ucum.ErrRange)
	_, err = ucum.Power(parse(t, "Ym"), 999)
	require.ErrorIs(t, err, ucum.ErrRange)
}

func TestSpecialUnitsHaveNoProducts(t *testing.T) {
	for _, f := range []func(u, v *ucum.Unit) (*ucum.Unit, error){ucum.Multiply, ucum.Divide} {
		_, err := f(parse(t, "Cel"), parse(t, "m"))
		require.ErrorIs(t, err, ucum.ErrSpecial)
		_, err = f(parse(t, "m"), parse(t, "Cel"))
		require.ErrorIs(t, err, ucum.ErrSpecial)
	}
	_, err := ucum.Power(parse(t, "[pH]"), 2)
	require.ErrorIs(t, err, ucum.ErrSpecial)
}

// (u × v) / v is u, and both have the dimension that their codes say.
func TestProductsUndo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, v := ratioUnit(t, "u"), ratioUnit(t, "v")
		product, err := ucum.Multiply(u, v)
		require.NoError(t, err)
		again, err := ucum.Divide(product, v)
		require.NoError(t, err)
		require.True(t, u.Comparable(again), "%s and %s", u.Code(), again.Code())
		order, err := ucum.Compare(number(t, "3"), u, number(t, "3"), again)
		require.NoError(t, err)
		require.Zero(t, order)
	})
}
