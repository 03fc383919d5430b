package ucum_test

import (
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/ucum"
)

func parse(t require.TestingT, code string) *ucum.Unit {
	u, err := ucum.Parse(code)
	require.NoError(t, err, "code %s", code)
	return u
}

func number(t require.TestingT, text string) *apd.Decimal {
	d, _, err := apd.NewFromString(text)
	require.NoError(t, err)
	return d
}

func convert(t testing.TB, value, from, to string) string {
	var d apd.Decimal
	require.NoError(t, ucum.Convert(&d, number(t, value), parse(t, from), parse(t, to)), "%s to %s", from, to)
	return d.Text('f')
}

func TestConvert(t *testing.T) {
	for _, c := range []struct{ value, from, to, want string }{
		{"5400", "mg", "g", "5.4"},
		{"5.4", "g", "kg", "0.0054"},
		{"1", "m", "cm", "100"},
		{"98.6", "[degF]", "Cel", "37"},
		{"98.6", "[degF]", "K", "310.15"},
		{"37", "Cel", "[degF]", "98.6"},
		{"37000", "mCel", "K", "310.15"},
		{"-40", "Cel", "[degF]", "-40"},
		{"80", "[degRe]", "Cel", "100"},
		{"0", "Cel", "[degRe]", "0"},
		{"491.67", "[degR]", "Cel", "0"},
		{"7", "d", "wk", "1"},
		{"1", "a", "d", "365.25"},
		{"1", "mo", "d", "30.4375"},
		{"1", "mo_g", "d", "30.436875"},
		{"1", "[lb_av]", "kg", "0.45359237"},
		{"1", "[oz_av]", "g", "28.349523125"},
		{"1", "[in_i]", "cm", "2.54"},
		{"1", "[mi_i]", "km", "1.609344"},
		{"1", "[gal_us]", "L", "3.785411784"},
		{"120", "mm[Hg]", "kPa", "15.99864"},
		{"1", "atm", "bar", "1.01325"},
		{"1", "kcal", "kJ", "4.184"},
		{"3", "[ft_us]", "m", "0.9144018288036576073152146304292609"},
		{"1", "[degF]", "K", "255.9277777777777777777777777777778"},
		{"180", "deg", "circ", "0.5"},
		{"180", "deg", "rad", "3.141592653589793238462643383279503"},
		{"1", "''", "deg", "0.0002777777777777777777777777777777778"},
		{"1", "[mu_0]", "N/A2", "0.000001256637061435917295385057353311801"},
		{"7.4", "[pH]", "nmol/L", "39.81071705534972507702523050877520"},
		{"100", "nmol/L", "[pH]", "7"},
		{"3", "B", "1", "1000"},
		{"20", "dB", "1", "100"},
		{"1", "Np", "1", "2.718281828459045235360287471352662"},
		{"2.718281828459045235360287471352662497757", "1", "Np", "1"},
		{"1", "Np", "dB", "4.342944819032518276511289189166051"},
		{"0", "B[SPL]", "Pa", "0.00002"},
		{"10", "dB[SPL]", "uPa", "63.24555320336758663997787088865437"},
		{"2", "B[V]", "V", "10"},
		{"30", "dB[W]", "W", "1000"},
		{"1", "B[10.nV]", "nV", "31.62277660168379331998893544432719"},
		{"10", "bit_s", "1", "1024"},
		{"100", "%[slope]", "deg", "45"},
		{"100", "[p'diop]", "deg", "45"},
		{"30", "deg", "%[slope]", "57.73502691896257645091487805019575"},
		{"3", "[hp'_X]", "1", "0.001"},
		{"2", "[hp'_C]", "1", "0.0001"},
		{"1", "[hp'_M]", "1", "0.001"},
		{"1", "[hp'_Q]", "1", "0.00002"},
		{"0.0001", "1", "[hp'_C]", "2"},
		{"3", "[m/s2/Hz^(1/2)]", "m2/s4/Hz", "9"},
		{"2", "m2/s4/Hz", "[m/s2/Hz^(1/2)]", "1.414213562373095048801688724209698"},
		{"5", "10*3/uL", "/L", "5000000000"},
		{"5", "10^3/uL", "10*9/L", "5"},
		{"1", "[IU]/L", "m[iU]/mL", "1"},
		{"12", "%", "1", "0.12"},
		{"1", "By", "bit", "8"},
		{"1", "KiBy", "By", "1024"},
		{"1", "{score}", "{count}", "1"},
		{"1", "kg.m/s2", "N", "1"},
		{"1", "kg.(m/(s.s))", "N", "1"},
		{"1", "/(s/m)", "m/s", "1"},
		{"1", "m/s/s", "m.s-2", "1"},
		{"1", "m+2", "m2", "1"},
		{"10", "2.dB", "B", "2"},
		{"3", "/100{WBC}", "%", "3"},
		{"3", "g/(8.h){shift}", "g/d", "9"},
	} {
		t.Run(c.value+" "+c.from+" to "+c.to, func(t *testing.T) {
			want := number(t, c.want)
			require.Zero(t, want.Cmp(number(t, convert(t, c.value, c.from, c.to))), "got %s", convert(t, c.value, c.from, c.to))
		})
	}
}
