package ucum

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Precision is the number of significant digits of a result: that of IEEE 754's
// decimal128, and more than the 28 that FHIRPath asks for.
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

// scanDecimal reads a number; false is for what is none.
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

// ratioOf returns d exactly, or ErrRange.
func ratioOf(d *apd.Decimal) (*big.Rat, error) {
	if d.Form != apd.Finite || d.Coeff.BitLen() > maxBits ||
		d.Exponent > maxNumberExponent || d.Exponent < -maxNumberExponent {
		return nil, ErrRange
	}
	r := new(big.Rat).SetInt(d.Coeff.MathBigInt())
	if d.Negative {
		r.Neg(r)
	}
	return r.Mul(r, powerOfTen(int(d.Exponent))), nil
}

func powerOfTen(n int) *big.Rat {
	p := new(big.Rat).SetInt(tens(max(n, -n)))
	if n < 0 {
		p.Inv(p)
	}
	return p
}

// tens returns 10^n, of n ≥ 0.
func tens(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// round returns r, rounded half to even to Precision digits and without
// trailing zeros: coefficient × 10^exponent.
func round(r *big.Rat) (coefficient *big.Int, exponent int) {
	if r.Sign() == 0 {
		return new(big.Int), 0
	}
	num, den := new(big.Int).Abs(r.Num()), r.Denom()
	// A quotient of at least Precision digits, and a bit for what is below it.
	shift := Precision + 1 - int(float64(num.BitLen()-den.BitLen())*0.30103)
	if shift >= 0 {
		num.Mul(num, tens(shift))
	} else {
		den = new(big.Int).Mul(den, tens(-shift))
	}
	quotient, rest := num.QuoRem(num, den, new(big.Int))
	exponent = -shift
	quotient, dropped := roundDigits(quotient, rest.Sign() != 0)
	exponent += dropped

	ten, digit := big.NewInt(10), new(big.Int)
	for {
		shorter, digit := new(big.Int).QuoRem(quotient, ten, digit)
		if digit.Sign() != 0 {
			break
		}
		quotient = shorter
		exponent++
	}
	if r.Sign() < 0 {
		quotient.Neg(quotient)
	}
	return quotient, exponent
}

// roundDigits drops digits of n past Precision, half to even; more says that
// there is something below n's last digit.
func roundDigits(n *big.Int, more bool) (rounded *big.Int, dropped int) {
	dropped = len(n.String()) - Precision
	if dropped <= 0 {
		return n, 0
	}
	unit := tens(dropped)
	rounded, rest := new(big.Int).QuoRem(n, unit, new(big.Int))
	order := rest.Lsh(rest, 1).Cmp(unit)
	if order > 0 || order == 0 && (more || rounded.Bit(0) == 1) {
		rounded.Add(rounded, big.NewInt(1))
	}
	return rounded, dropped
}

// setDecimal sets dst to r rounded.
func setDecimal(dst *apd.Decimal, r *big.Rat) {
	coefficient, exponent := round(r)
	dst.Form = apd.Finite
	dst.Exponent = int32(exponent)
	dst.Negative = coefficient.Sign() < 0
	dst.Coeff.SetMathBigInt(coefficient.Abs(coefficient))
}

// appendRatio appends r rounded as text.
func appendRatio(dst []byte, r *big.Rat) []byte {
	coefficient, exponent := round(r)
	if coefficient.Sign() < 0 {
		dst = append(dst, '-')
		coefficient.Abs(coefficient)
	}
	var digits [Precision + 1]byte
	return appendDecimal(dst, coefficient.Append(digits[:0], 10), exponent)
}

// Numbers from 10^-7 to under 10^21 are written without an exponent, as
// ECMAScript does.
const (
	plainLow  = -7
	plainHigh = 21
)

// appendDecimal appends digits × 10^exponent. Digits end in no zero, unless
// they are one zero.
func appendDecimal(dst, digits []byte, exponent int) []byte {
	point := len(digits) + exponent // digits before the point
	switch {
	case point > plainHigh || point <= plainLow:
		dst = append(dst, digits[0])
		if len(digits) > 1 {
			dst = append(append(dst, '.'), digits[1:]...)
		}
		dst = append(dst, 'e')
		return strconv.AppendInt(dst, int64(point-1), 10)
	case exponent >= 0:
		dst = append(dst, digits...)
		return appendZeros(dst, exponent)
	case point > 0:
		dst = append(append(dst, digits[:point]...), '.')
		return append(dst, digits[point:]...)
	}
	dst = appendZeros(append(dst, "0."...), -point)
	return append(dst, digits...)
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}
