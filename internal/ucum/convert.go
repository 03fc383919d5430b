package ucum

import (
	"math/big"

	"github.com/cockroachdb/apd/v3"
)

// baseRatio returns the base value of v, with π worked out.
func (u *Unit) baseRatio(v *big.Rat) (*big.Rat, error) {
	base, err := u.toBase(v)
	if err != nil {
		return nil, err
	}
	return base.rational()
}

// BaseValue returns the base value of a number of u, both as decimal text: 5400
// of mg gives 5.4. The result has no trailing zeros, and an exponent (1.5e24)
// from 10^21 and below 10^-6, so that equal quantities give equal texts. It
// reports ErrNumber or ErrRange.
func (u *Unit) BaseValue(value string) (string, error) {
	if text, ok := u.small.baseText(value); ok {
		return text, nil
	}
	v, err := parseRatio(value)
	if err != nil {
		return "", err
	}
	base, err := u.baseRatio(v)
	if err != nil {
		return "", err
	}
	return string(round(base).append(nil)), nil
}

// set sets dst to a base value as a number of u.
func (u *Unit) set(dst *apd.Decimal, base scale) error {
	v, err := u.fromBase(base)
	if err != nil {
		return err
	}
	round(v).set(dst)
	return nil
}

// Convert sets dst, which may be x, to x, a number of from, as a number of to. It
// reports ErrNotComparable or ErrRange and then leaves dst as it was.
func Convert(dst, x *apd.Decimal, from, to *Unit) error {
	if !from.Comparable(to) {
		return ErrNotComparable
	}
	base, err := from.toBaseExact(x)
	if err != nil {
		return err
	}
	return to.set(dst, base)
}

// Compare orders the quantities x u and y v: −1, 0 or 1. Numbers of the same
// code are compared as they stand, so that pH 8 is more than pH 7; others by
// their base values, exactly, save for special units that are no offsets. It
// reports ErrNotComparable or ErrRange.
func Compare(x *apd.Decimal, u *Unit, y *apd.Decimal, v *Unit) (int, error) {
	switch {
	case !u.Comparable(v):
		return 0, ErrNotComparable
	case !inRange(x) || !inRange(y):
		return 0, ErrRange
	case u.code == v.code:
		return x.Cmp(y), nil
	case u.small.coefficient != 0 && v.small.coefficient != 0:
		var a, b apd.Decimal
		u.small.times(&a, x)
		v.small.times(&b, y)
		return a.Cmp(&b), nil
	}
	a, err := u.toBaseExact(x)
	if err != nil {
		return 0, err
	}
	b, err := v.toBaseExact(y)
	if err != nil {
		return 0, err
	}
	return a.compare(b)
}

// toBaseExact returns the base value of x.
func (u *Unit) toBaseExact(x *apd.Decimal) (scale, error) {
	v, err := ratioOf(x)
	if err != nil {
		return scale{}, err
	}
	return u.toBase(v)
}
