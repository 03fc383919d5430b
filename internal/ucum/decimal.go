package ucum

import (
	"math/big"
	"strings"

	"github.com/cockroachdb/apd/v3"
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
	n, ok := scanDecimal(text)
	if !ok {
		return nil, ErrNumber
	}
	if n.exponent > maxNumberExponent || n.exponent < -maxNumberExponent {
		return nil, ErrRange
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, ErrNumber
	}
	return r, nil
}

// A decimal is coefficient × 10^exponent. A coefficient past 64 bits is not
// exact; inexact says so.
type decimal struct {
	negative    bool
	inexact     bool
	coefficient uint64
	exponent    int
}

// scanDecimal reads a number. It returns false for any other text.
func scanDecimal(text string) (n decimal, ok bool) {
	i := 0
	if text != "" && (text[0] == '-' || text[0] == '+') {
		n.negative = text[0] == '-'
		i++
	}
	start := i
	for ; i < len(text) && isDigit(text[i]); i++ {
		n.push(text[i])
	}
	digits := i > start
	if i < len(text) && text[i] == '.' {
		i++
		start = i
		for ; i < len(text) && isDigit(text[i]); i++ {
			n.push(text[i])
			n.exponent--
		}
		digits = digits && i > start
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		e, ok := scanExponent(text[i+1:])
		n.exponent += e
		return n, digits && ok
	}
	return n, digits && i == len(text)
}

func (n *decimal) push(c byte) {
	// 19 digits surely fit, and a twentieth is not worth the test.
	if n.coefficient >= 1e18 {
		n.inexact = true
		return
	}
	n.coefficient = n.coefficient*10 + uint64(c-'0')
}

// scanExponent reads a signed integer. A large one stops at a bound that
// parseRatio refuses.
func scanExponent(text string) (e int, ok bool) {
	digits := strings.TrimLeft(text, "+-")
	if digits == "" || len(text)-len(digits) > 1 {
		return 0, false
	}
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return 0, false
		}
		e = min(e*10+int(digits[i]-'0'), 1e6)
	}
	if text[0] == '-' {
		e = -e
	}
	return e, true
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
