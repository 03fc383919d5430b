package fhirpath_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

// Numbers are ordered as exact fractions are, however many digits they have.
func TestCompareNumbers(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if rapid.Bool().Draw(t, "near") {
			b = a + "0"
		}
		x, ok1 := new(big.Rat).SetString(a)
		y, ok2 := new(big.Rat).SetString(b)
		require.True(t, ok1 && ok2, "%s %s", a, b)
		got, ok := fhirpath.CompareNumbers([]byte(a), []byte(b))
		require.True(t, ok)
		require.Equal(t, x.Cmp(y), got, fmt.Sprint(a, " ", b))
	})
}

// An exponent that no decimal has makes no work and no answer.
func TestCompareHugeExponents(t *testing.T) {
	_, ok := fhirpath.CompareNumbers([]byte("1e999999999999"), []byte("1"))
	require.False(t, ok)
	order, ok := fhirpath.CompareNumbers([]byte("1e90000"), []byte("1e-90000"))
	require.True(t, ok)
	require.Equal(t, 1, order)
}
