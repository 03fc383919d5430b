package ucum

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// A rounded number is digits × 10^exponent. Digits end in no zero, unless they
// are one zero.
type rounded struct {
	negative bool
	digits   string
	exponent int
}

// round rounds r half to even to Precision digits.
func round(r *big.Rat) rounded {
	if r.Sign() == 0 {
		return rounded{digits: "0"}
	}
	num, den := new(big.Int).Abs(r.Num()), r.Denom()
	// The shift gives the quotient Precision digits or a few more.
	const digitsPerBit = 0.30103
	shift := Precision + 1 - int(float64(num.BitLen()-den.BitLen())*digitsPerBit)
	if shift >= 0 {
		num.Mul(num, tens(shift))
	} else {
		den = new(big.Int).Mul(den, tens(-shift))
	}
	quotient, rest := num.QuoRem(num, den, new(big.Int))
	digits, dropped := roundDigits(quotient, rest.Sign() != 0)
	significant := strings.TrimRight(digits, "0")
	return rounded{r.Sign() < 0, significant, dropped - shift + len(digits) - len(significant)}
}

// roundDigits returns n's digits, rounded half to even to Precision of them, and how
// many were dropped; more says that n itself was cut off below its last digit.
func roundDigits(n *big.Int, more bool) (digits string, dropped int) {
	digits = n.String()
	dropped = len(digits) - Precision
	if dropped <= 0 {
		return digits, 0
	}
	unit := tens(dropped)
	n, rest := n.QuoRem(n, unit, new(big.Int))
	order := rest.Lsh(rest, 1).Cmp(unit)
	if order > 0 || order == 0 && (more || n.Bit(0) == 1) {
		return n.Add(n, big.NewInt(1)).String(), dropped
	}
	return digits[:Precision], dropped
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

// set sets dst to n.
func (n rounded) set(dst *apd.Decimal) {
	dst.Form = apd.Finite
	dst.Negative = n.negative
	dst.Exponent = int32(n.exponent)
	dst.Coeff.SetString(n.digits, 10)
}

// Numbers from 10^-6 to under 10^21 are written without an exponent, as
// ECMAScript does.
const (
	plainLow  = -6
	plainHigh = 21
)

// append appends n as decimal text.
func (n rounded) append(dst []byte) []byte {
	if n.negative {
		dst = append(dst, '-')
	}
	point := len(n.digits) + n.exponent // digits before the point
	switch {
	case n.digits == "0":
		return append(dst, '0')
	case point > plainHigh || point <= plainLow:
		dst = append(dst, n.digits[0])
		if len(n.digits) > 1 {
			dst = append(append(dst, '.'), n.digits[1:]...)
		}
		return strconv.AppendInt(append(dst, 'e'), int64(point-1), 10)
	case n.exponent >= 0:
		return appendZeros(append(dst, n.digits...), n.exponent)
	case point > 0:
		dst = append(append(dst, n.digits[:point]...), '.')
		return append(dst, n.digits[point:]...)
	}
	return append(appendZeros(append(dst, "0."...), -point), n.digits...)
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}
