package ucum

import (
	"math/big"
	"math/bits"
	"strconv"
)

// A smallScale is a scale of a few digits, coefficient × 10^exponent, by which
// most values are multiplied in one machine word. The coefficient is 0 for a
// scale that is none, as a third.
type smallScale struct {
	coefficient uint64
	exponent    int
}

// smallScaleOf returns u's scale, if it is small.
func smallScaleOf(u *Unit) smallScale {
	if u.special != nil || u.scale.pi != 0 {
		return smallScale{}
	}
	coefficient, exponent := round(u.scale.ratio)
	if !coefficient.IsUint64() {
		return smallScale{}
	}
	exact := new(big.Rat).SetInt(coefficient)
	if exact.Mul(exact, powerOfTen(exponent)).Cmp(u.scale.ratio) != 0 {
		return smallScale{}
	}
	return smallScale{coefficient.Uint64(), exponent}
}

// baseText returns the base value of a number as text, or false where a word is
// too short for it.
func (s smallScale) baseText(value string) (string, bool) {
	n, ok := scanDecimal(value)
	if !ok || n.inexact || s.coefficient == 0 || n.exponent > maxNumberExponent || n.exponent < -maxNumberExponent {
		return "", false
	}
	high, product := bits.Mul64(n.coefficient, s.coefficient)
	if high != 0 {
		return "", false
	}
	if product == 0 {
		return "0", true
	}
	exponent := n.exponent + s.exponent
	for product%10 == 0 {
		product /= 10
		exponent++
	}
	var text [64]byte
	dst := text[:0]
	if n.negative {
		dst = append(dst, '-')
	}
	var digits [20]byte
	return string(appendDecimal(dst, strconv.AppendUint(digits[:0], product, 10), exponent)), true
}
