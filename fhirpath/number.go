package fhirpath

import (
	"bytes"
	"cmp"

	"github.com/cockroachdb/apd/v3"
)

// compareNumbers orders two decimal numbers by value, exactly: 1.0 equals 1.00.
// It reports false where one is out of the range of decimals.
func compareNumbers(a, b []byte) (order int, ok bool) {
	if bytes.Equal(a, b) {
		return 0, true
	}
	if x, ok := smallInteger(a); ok {
		if y, ok := smallInteger(b); ok {
			return cmp.Compare(x, y), true
		}
	}
	var x, y apd.Decimal
	_, _, errX := x.SetString(string(a))
	_, _, errY := y.SetString(string(b))
	if errX != nil || errY != nil {
		return 0, false
	}
	return x.Cmp(&y), true
}

// smallInteger reads an integer of up to 18 digits without exponent.
func smallInteger(text []byte) (int64, bool) {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(text) {
		n = -n
	}
	return n, true
}
