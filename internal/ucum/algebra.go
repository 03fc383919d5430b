package ucum

import (
	"math/big"
	"strconv"
)

// The number of a product of quantities is the product of their numbers, and
// its unit the product of their units: 2 cm × 2 m is 4 cm.m, and 4 g / 2 m is
// 2 g/m. So the functions here take and give units alone.

// Multiply returns u × v. Equal symbols are merged, cm by cm is cm2, and
// annotations dropped. It reports ErrSpecial, or ErrRange for a code past the
// limits of Parse.
func Multiply(u, v *Unit) (*Unit, error) { return combine(u, v, 1) }

// Divide returns u / v, as Multiply does.
func Divide(u, v *Unit) (*Unit, error) { return combine(u, v, -1) }

// combine returns u × v^n.
func combine(u, v *Unit, n int) (*Unit, error) {
	if u.special != nil || v.special != nil {
		return nil, ErrSpecial
	}
	number, err := scale{ratio: u.number}.times(scale{ratio: v.number}, n)
	if err != nil {
		return nil, err
	}
	factors := mergeFactors(mergeFactors(nil, u.factors, 1), v.factors, n)
	product, err := Parse(string(appendCode(nil, number.ratio, factors)))
	if err != nil {
		return nil, ErrRange
	}
	return product, nil
}

// mergeFactors returns list × more^n, each symbol once, in order of appearance.
func mergeFactors(list, more []factor, n int) []factor {
next:
	for _, f := range more {
		for i := range list {
			if list[i].symbol == f.symbol {
				list[i].exponent += f.exponent * n
				continue next
			}
		}
		list = append(list, factor{f.symbol, f.exponent * n})
	}
	return list
}

// appendCode appends the code of number × factors: what multiplies first, with
// dots, then what divides, each after a slash.
func appendCode(dst []byte, number *big.Rat, factors []factor) []byte {
	one := big.NewInt(1)
	if number.Num().Cmp(one) != 0 {
		dst = number.Num().Append(dst, 10)
	}
	for _, f := range factors {
		if f.exponent > 0 {
			if len(dst) > 0 {
				dst = append(dst, '.')
			}
			dst = f.append(dst, f.exponent)
		}
	}
	if number.Denom().Cmp(one) != 0 {
		dst = number.Denom().Append(append(dst, '/'), 10)
	}
	for _, f := range factors {
		if f.exponent < 0 {
			dst = f.append(append(dst, '/'), -f.exponent)
		}
	}
	if len(dst) == 0 {
		return append(dst, '1')
	}
	return dst
}

func (f factor) append(dst []byte, exponent int) []byte {
	dst = append(dst, f.symbol...)
	if exponent == 1 {
		return dst
	}
	return strconv.AppendInt(dst, int64(exponent), 10)
}
