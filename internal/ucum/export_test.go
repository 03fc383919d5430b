package ucum

import "github.com/cockroachdb/apd/v3"

// A Definition is an atom of the table as the tests see it.
type Definition struct {
	Code, Value, Unit string
	Metric, Special   bool
	Base              bool
}

// Definitions returns the whole table.
func Definitions() []Definition {
	var list []Definition
	for _, a := range atoms {
		list = append(list, Definition{a.code, a.value, a.unit, a.metric, a.kind == specialUnit, a.kind == baseUnit})
	}
	return list
}

// Prefixes returns the codes of all prefixes.
func Prefixes() []string {
	var list []string
	for _, p := range prefixes {
		list = append(list, p.code)
	}
	return list
}

// Power returns u^n, as Multiply does.
func Power(u *Unit, n int) (*Unit, error) {
	if n > maxExponent || n < -maxExponent {
		return nil, ErrRange
	}
	unity, err := Parse("1")
	if err != nil {
		return nil, err
	}
	return combine(unity, u, n)
}

// Valid says whether code is a UCUM unit.
func Valid(code string) bool {
	_, err := Parse(code)
	return err == nil
}

// Canonicalize returns a quantity's base value and the canonical form of its unit: 5400
// and mg give 5.4 and g.
func Canonicalize(value, code string) (baseValue, baseUnit string, err error) {
	u, err := Parse(code)
	if err != nil {
		return "", "", err
	}
	baseValue, err = u.BaseValue(value)
	return baseValue, u.canonical, err
}

// ToBase sets dst, which may be x, to the base value of x, a number of u. It
// reports ErrRange.
func (u *Unit) ToBase(dst, x *apd.Decimal) error {
	v, err := ratioOf(x)
	if err != nil {
		return err
	}
	base, err := u.baseRatio(v)
	if err != nil {
		return err
	}
	round(base).set(dst)
	return nil
}

// FromBase sets dst, which may be x, to x, a base value, as a number of u. It
// reports ErrRange.
func (u *Unit) FromBase(dst, x *apd.Decimal) error {
	v, err := ratioOf(x)
	if err != nil {
		return err
	}
	return u.set(dst, scale{ratio: v})
}

// Special says whether u is a function of its base and no multiple: Cel, [pH].
func (u *Unit) Special() bool { return u.special != nil }
