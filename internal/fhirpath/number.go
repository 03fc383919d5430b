package fhirpath

import (
	"bytes"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/decimal"
)

// compareNumbers orders two decimal numbers by value, exactly: 1.0 equals 1.00.
// It reports false for what is no number, and for one as large or small as no decimal
// of package apd can be.
func compareNumbers(a, b []byte) (order int, ok bool) {
	if bytes.Equal(a, b) {
		return 0, true
	}
	if order, ok := decimal.CompareWords(a, b); ok {
		return order, true
	}
	x, okX := decimal.Parse(a)
	y, okY := decimal.Parse(b)
	if !okX || !okY || outOfReach(x.Magnitude()) || outOfReach(y.Magnitude()) {
		return 0, false
	}
	return x.Compare(y), true
}

func outOfReach(exponent int64) bool {
	return exponent > apd.MaxExponent || exponent < apd.MinExponent
}
