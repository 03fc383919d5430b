package ucum_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/ucum"
)

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		code   string
		offset int
		reason string
	}{
		{"", 0, "a unit is expected"},
		{"/", 1, "a unit is expected"},
		{"m/", 2, "a unit is expected"},
		{"m..s", 2, "a unit is expected"},
		{"//m", 1, "a unit is expected"},
		{".m", 0, "a unit is expected"},
		{"lbs", 0, "the unit is unknown"},
		{"mg/dLx", 3, "the unit is unknown"},
		{"KG", 0, "the unit is unknown"},
		{"k[in_i]", 0, "the unit is unknown"},
		{"kmin", 0, "the unit is unknown"},
		{"k", 0, "the unit is unknown"},
		{"m s", 0, "the unit is unknown"},
		{"µg", 0, "the unit is unknown"},
		{"(m", 0, "a parenthesis is not closed"},
		{"m)", 1, "a dot, a slash or the end is expected"},
		{"()", 1, "a unit is expected"},
		{"(m)2", 3, "a dot, a slash or the end is expected"},
		{"2m", 1, "a dot, a slash or the end is expected"},
		{"m2s", 2, "a dot, a slash or the end is expected"},
		{"m{a}{b}", 4, "a dot, a slash or the end is expected"},
		{"m-", 1, "a sign has no exponent after it"},
		{"m--2", 1, "a sign has no exponent after it"},
		{"m1000", 1, "the exponent is too large"},
		{"{a", 0, "an annotation is not closed"},
		{"{a{b}}", 2, "a character has no place in an annotation"},
		{"{é}", 1, "a character has no place in an annotation"},
		{"[in_i", 0, "a square bracket is not closed"},
		{"m.0", 2, "the number is zero"},
		{"-1", 0, "a unit is expected"},
		{"Cel.m", 0, "a special unit takes no part in products"},
		{"J/Cel", 2, "a special unit takes no part in products"},
		{"Cel2", 0, "a special unit takes no part in products"},
		{"/Cel", 1, "a special unit takes no part in products"},
		{"B.B", 2, "a special unit takes no part in products"},
		{"Ym.Ym999", 3, "the unit is out of range"},
		{strings.Repeat("(", 17) + "m", 16, "parentheses nest too deep"},
		{strings.Repeat("9", 257), 256, "the code is too long"},
	} {
		t.Run(c.code, func(t *testing.T) {
			_, err := ucum.Parse(c.code)
			require.Equal(t, &ucum.SyntaxError{Offset: c.offset, Reason: c.reason}, err)
			require.False(t, ucum.Valid(c.code))
		})
	}
	require.EqualError(t, &ucum.SyntaxError{Offset: 3, Reason: "the unit is unknown"}, "ucum: the unit is unknown at offset 3")
}

func TestNumbers(t *testing.T) {
	gram := parse(t, "g")
	for value, want := range map[string]string{
		"0": "0", "-0.00": "0", "5": "5", "5.400": "5.4", "-5.4e3": "-5400", "1e20": "100000000000000000000",
		"1e21": "1e21", "15e23": "1.5e24", "0.0000010": "0.000001", "0.0000001": "1e-7", "+1.5E-2": "0.015",
		"12345678901234567890123456789012345":      "12345678901234567890123456789012340",
		"1.2345678901234567890123456789012335":     "1.234567890123456789012345678901234",
		"1.2345678901234567890123456789012345":     "1.234567890123456789012345678901234",
		"1.23456789012345678901234567890123450001": "1.234567890123456789012345678901235",
		"9.9999999999999999999999999999999999":     "10",
	} {
		got, err := gram.BaseValue(value)
		require.NoError(t, err)
		require.Zero(t, number(t, want).Cmp(number(t, got)), "%s: %s", value, got)
		if len(want) < 25 {
			require.Equal(t, want, got)
		}
	}
	for _, value := range []string{"", "-", ".", "1.", ".5", "1e", "1e+", "1e+-2", "e5", "0x10", "1_000", "NaN", "Inf", "1/2", " 1", "1 "} {
		_, err := gram.BaseValue(value)
		require.ErrorIs(t, err, ucum.ErrNumber, "value %q", value)
	}
	for _, value := range []string{"1e1001", "1e-1001", "1e99999999999999999999", strings.Repeat("9", 513)} {
		_, err := gram.BaseValue(value)
		require.ErrorIs(t, err, ucum.ErrRange)
	}
}

func TestOutOfRange(t *testing.T) {
	var dst apd.Decimal
	one := parse(t, "1")
	for _, c := range []struct{ value, from, to string }{
		{"0", "1", "B"}, {"-1", "1", "Np"}, {"100", "deg", "%[slope]"}, {"1e9", "B", "1"}, {"-1e9", "Np", "1"},
		{"-1", "m2/s4/Hz", "[m/s2/Hz^(1/2)]"}, {"-1", "[m/s2/Hz^(1/2)]", "m2/s4/Hz"}, {"NaN", "m", "cm"}, {"Infinity", "m", "cm"},
	} {
		err := ucum.Convert(&dst, number(t, c.value), parse(t, c.from), parse(t, c.to))
		require.ErrorIs(t, err, ucum.ErrRange, "%s %s", c.value, c.from)
	}
	require.ErrorIs(t, one.ToBase(&dst, apd.New(1, 2000)), ucum.ErrRange)
	require.ErrorIs(t, one.FromBase(&dst, apd.New(1, -2000)), ucum.ErrRange)
	_, err := ucum.Compare(apd.New(1, 99999), one, apd.New(1, 0), one)
	require.ErrorIs(t, err, ucum.ErrRange)
}

func TestNotComparable(t *testing.T) {
	var dst apd.Decimal
	require.ErrorIs(t, ucum.Convert(&dst, apd.New(1, 0), parse(t, "m"), parse(t, "s")), ucum.ErrNotComparable)
	_, err := ucum.Compare(apd.New(1, 0), parse(t, "[iU]"), apd.New(1, 0), parse(t, "[arb'U]"))
	require.ErrorIs(t, err, ucum.ErrNotComparable)
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		x, u, y, v string
		want       int
	}{
		{"4.0000", "g", "4000.0", "mg", 0},
		{"4", "g", "4040", "mg", -1},
		{"7", "d", "1", "wk", 0},
		{"8", "d", "1", "wk", 1},
		{"98.6", "[degF]", "37", "Cel", 0},
		{"98.7", "[degF]", "37", "Cel", 1},
		{"1", "m/3", "333333333333333333", "am", 1},
		{"180", "deg", "1", "[pi].rad", 0},
		{"180", "deg", "3.14159265358979323846", "rad", 1},
		{"-1", "m", "-100", "cm", 0},
		{"8", "[pH]", "7", "[pH]", 1},
		{"8", "[pH]", "100", "nmol/L", -1},
	} {
		order, err := ucum.Compare(number(t, c.x), parse(t, c.u), number(t, c.y), parse(t, c.v))
		require.NoError(t, err)
		require.Equal(t, c.want, order, "%s %s and %s %s", c.x, c.u, c.y, c.v)
	}
}
