package ucum

import (
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/decimal"
)

// Precision is the number of significant digits of a result: as many as IEEE 754's
// decimal128 has, and more than the 28 of FHIRPath.
const Precision = 34

const (
	maxNumberLength   = 512
	maxNumberExponent = 1000
)

// parseRatio reads a decimal number exactly: digits with a sign, a fraction and
// an exponent of ten if need be (FHIR R4 §2.24.0.1). It reports ErrNumber, or
// ErrRange past maxNumberLength and maxNumberExponent.
func parseRatio(text string) (*big.Rat, error) {
	if len(text) > maxNumberLength {
		return nil, ErrRange
	}
	n, ok := decimal.Parse(text)
	if !ok {
		return nil, ErrNumber
	}
	if n.Exponent > maxNumberExponent || n.Exponent < -maxNumberExponent {
		return nil, ErrRange
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, ErrNumber
	}
	return r, nil
}

// inRange says whether d is a number of the size that the package works with.
func inRange(d *apd.Decimal) bool {
	return d.Form == apd.Finite && d.Coeff.BitLen() <= maxBits &&
		d.Exponent <= maxNumberExponent && d.Exponent >= -maxNumberExponent
}

// ratioOf returns d exactly, or ErrRange.
func ratioOf(d *apd.Decimal) (*big.Rat, error) {
	if !inRange(d) {
		return nil, ErrRange
	}
	r := new(big.Rat).SetInt(d.Coeff.MathBigInt())
	if d.Negative {
		r.Neg(r)
	}
	return r.Mul(r, powerOfTen(int(d.Exponent))), nil
}
