package ucum

import "math/big"

// Linear returns the straight line on which u becomes v: a number x of u is
// factor × x + offset of v, exactly (π counts with the digits of the table). The
// factor is positive, so that numbers keep their order; the offset is 0 but for
// temperatures. The results are the caller's.
//
// It reports false if there is no such line: the units are not commensurable, or one is
// a function of its base and the other is not, as [pH] and mol/L. Units of the same
// function are on a line: dB and B.
func Linear(u, v *Unit) (factor, offset *big.Rat, ok bool) {
	if !u.Comparable(v) {
		return nil, nil, false
	}
	if u.special != nil && v.special != nil && u.special.same(v.special) {
		factor, err := divide(u.scale, v.scale)
		return factor, new(big.Rat), err == nil
	}
	from, fits := u.line()
	to, fitsToo := v.line()
	if !fits || !fitsToo {
		return nil, nil, false
	}
	ratio, err := divide(from.unit, to.unit)
	if err != nil {
		return nil, nil, false
	}
	factor = new(big.Rat).Mul(from.factor, ratio)
	factor.Quo(factor, to.factor)
	offset = new(big.Rat).Mul(from.zero, ratio)
	offset.Sub(offset, to.zero)
	return factor, offset.Quo(offset, to.factor), true
}

// In a unit with a line, x stands for (factor × x + zero) × unit.
type line struct {
	factor, zero *big.Rat
	unit         scale
}

// line returns false for a unit that is a function other than an offset.
func (u *Unit) line() (line, bool) {
	if u.special == nil {
		return line{one().ratio, new(big.Rat), u.scale}, true
	}
	shift, ok := u.special.function.(offset)
	if !ok {
		return line{}, false
	}
	factor, err := u.scale.rational()
	return line{factor, big.NewRat(shift.num, shift.den), u.special.unit}, err == nil
}

// same reports whether numbers of s and t mean the same, apart from a prefix.
func (s *special) same(t *special) bool {
	return s.function == t.function && s.unit.pi == t.unit.pi && s.unit.ratio.Cmp(t.unit.ratio) == 0
}
