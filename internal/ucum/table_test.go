package ucum_test

import (
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/ucum"
)

// Every unit parses and is what its definition says.
func TestDefinitions(t *testing.T) {
	definitions := ucum.Definitions()
	require.Len(t, definitions, 310)
	for _, d := range definitions {
		t.Run(d.Code, func(t *testing.T) {
			u := parse(t, d.Code)
			require.Equal(t, d.Special, u.Special())
			if d.Base {
				require.Equal(t, d.Code, u.Canonical())
				return
			}
			of := parse(t, d.Unit)
			require.True(t, u.Comparable(of))
			require.False(t, of.Special())
			if d.Special {
				var there, back apd.Decimal
				require.NoError(t, ucum.Convert(&there, apd.New(1, 0), u, of))
				require.NoError(t, ucum.Convert(&back, &there, of, u))
				requireClose(t, apd.New(1, 0), &back)
				return
			}
			order, err := ucum.Compare(apd.New(1, 0), u, number(t, d.Value), of)
			require.NoError(t, err)
			require.Zero(t, order)
		})
	}
}

// No symbol can be read in two ways: as an atom and as a prefix with an atom, or
// as two of these.
func TestSymbolsAreUnambiguous(t *testing.T) {
	read := make(map[string]int)
	for _, d := range ucum.Definitions() {
		read[d.Code]++
		if d.Metric {
			for _, p := range ucum.Prefixes() {
				read[p+d.Code]++
			}
		}
	}
	for symbol, n := range read {
		require.Equal(t, 1, n, "symbol %s", symbol)
		require.True(t, ucum.Valid(symbol), "symbol %s", symbol)
	}
}

func TestCanonical(t *testing.T) {
	for code, want := range map[string]string{
		"1": "1", "%": "1", "{score}": "1", "mol": "1", "10*3/uL": "m-3", "mg/dL": "g.m-3", "mmol/L": "m-3",
		"mm[Hg]": "g.m-1.s-2", "Cel": "K", "[degF]": "K", "[pH]": "m-3", "dB[SPL]": "g.m-1.s-2", "deg": "rad",
		"kg/m2": "g.m-2", "[IU]/L": "[iU].m-3", "V": "C-1.g.m2.s-2", "lm": "cd.rad2", "mL/min/{1.73_m2}": "m3.s-1",
		"[hp_X]": "[hp_X]", "J/(kg.K)": "K-1.m2.s-2",
	} {
		require.Equal(t, want, parse(t, code).Canonical(), "code %s", code)
	}
	require.False(t, parse(t, "[iU]").Comparable(parse(t, "[arb'U]")))
	require.False(t, parse(t, "m").Comparable(parse(t, "s")))
}
