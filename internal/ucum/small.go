package ucum

import (
	"math/big"
	"math/bits"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/decimal"
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
	n := round(u.scale.ratio)
	coefficient, err := strconv.ParseUint(n.digits, 10, 64)
	if err != nil {
		return smallScale{}
	}
	exact := new(big.Rat).SetInt(new(big.Int).SetUint64(coefficient))
	if exact.Mul(exact, powerOfTen(n.exponent)).Cmp(u.scale.ratio) != 0 {
		return smallScale{}
	}
	return smallScale{coefficient, n.exponent}
}

// times sets dst to x × s, exactly.
func (s smallScale) times(dst, x *apd.Decimal) {
	dst.Coeff.Mul(&x.Coeff, new(apd.BigInt).SetUint64(s.coefficient))
	dst.Exponent = x.Exponent + int32(s.exponent)
	dst.Negative = x.Negative
}

// baseText returns the base value of a number as text, or false where a word is
// too short for it.
func (s smallScale) baseText(value string) (string, bool) {
	coefficient, scale, negative, ok := decimal.Exact(value)
	if !ok || s.coefficient == 0 || scale > maxNumberExponent || scale < -maxNumberExponent {
		return "", false
	}
	high, product := bits.Mul64(coefficient, s.coefficient)
	if high != 0 {
		return "", false
	}
	if product == 0 {
		return "0", true
	}
	exponent := int(scale) + s.exponent
	for product%10 == 0 {
		product /= 10
		exponent++
	}
	var digits [20]byte
	var text [64]byte
	base := rounded{negative, string(strconv.AppendUint(digits[:0], product, 10)), exponent}
	return string(base.append(text[:0])), true
}
