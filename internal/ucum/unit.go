package ucum

import "math/big"

// A Unit is a parsed code. It is immutable and safe for several goroutines.
type Unit struct {
	code      string
	canonical string
	scale     scale // of one unit in base units; of a special unit before its function
	dimension dimension
	special   *special // nil for a multiple of base units
	factors   []factor // what the code is a product of, for products with others
	number    *big.Rat // the product of the code's numbers
	small     smallScale
}

// A factor is a symbol, prefix and all, and its exponent.
type factor struct {
	symbol   string
	exponent int
}

// Code returns the code that was parsed.
func (u *Unit) Code() string { return u.code }

// Canonical returns the unit's product of base units, as g.m-1, or 1. It is a
// code itself, and equal for commensurable units and for no others.
func (u *Unit) Canonical() string { return u.canonical }

// Comparable says whether quantities of u and v measure the same dimension.
func (u *Unit) Comparable(v *Unit) bool { return u.canonical == v.canonical }

// toBase returns v, a number of u, as a number of base units.
func (u *Unit) toBase(v *big.Rat) (scale, error) {
	if u.special == nil {
		return scale{new(big.Rat).Mul(v, u.scale.ratio), u.scale.pi}, nil
	}
	factor, err := u.scale.rational()
	if err != nil {
		return scale{}, err
	}
	argument, err := u.special.function.inverse(new(big.Rat).Mul(v, factor))
	if err != nil {
		return scale{}, err
	}
	return scale{new(big.Rat).Mul(argument, u.special.unit.ratio), u.special.unit.pi}, nil
}

// fromBase returns v, a number of base units, as a number of u.
func (u *Unit) fromBase(v scale) (*big.Rat, error) {
	if u.special == nil {
		return divide(v, u.scale)
	}
	argument, err := divide(v, u.special.unit)
	if err != nil {
		return nil, err
	}
	value, err := u.special.function.apply(argument)
	if err != nil {
		return nil, err
	}
	return divide(scale{ratio: value}, u.scale)
}

// divide returns v / s. Powers of π cancel before they are worked out.
func divide(v, s scale) (*big.Rat, error) {
	return scale{new(big.Rat).Quo(v.ratio, s.ratio), v.pi - s.pi}.rational()
}
