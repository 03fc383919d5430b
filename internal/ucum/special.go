package ucum

import "math/big"

// A special is the definition of a special unit: a number of it is function(quantity /
// unit) (UCUM §21).
type special struct {
	function  function
	unit      scale
	dimension dimension
}

// A function and its inverse are exact, or right to many more digits than
// Precision. They report ErrRange for an argument that has no image.
type function interface {
	apply(x *big.Rat) (*big.Rat, error)
	inverse(v *big.Rat) (*big.Rat, error)
}

// functionOf returns the function that the table calls name, or nil.
func functionOf(name string) function {
	switch name {
	case "Cel":
		return offset{27315, 100}
	case "degF":
		return offset{45967, 100}
	case "degRe":
		return offset{21852, 100}
	case "ln":
		return logarithm{base: 0, times: 1}
	case "ld":
		return logarithm{base: 2, times: 1}
	case "lg":
		return logarithm{base: 10, times: 1}
	case "lgTimes2":
		return logarithm{base: 10, times: 2}
	case "pH", "hpX":
		return logarithm{base: 10, times: -1}
	case "hpC":
		return logarithm{base: 100, times: -1}
	case "hpM":
		return logarithm{base: 1000, times: -1}
	case "hpQ":
		return logarithm{base: 50000, times: -1}
	case "tanTimes100", "100tan":
		return slope{}
	case "sqrt":
		return squareRoot{}
	}
	return nil
}

// offset is x − num/den: a scale whose zero lies elsewhere. It is exact.
type offset struct{ num, den int64 }

func (f offset) apply(x *big.Rat) (*big.Rat, error) {
	return new(big.Rat).Sub(x, big.NewRat(f.num, f.den)), nil
}

func (f offset) inverse(v *big.Rat) (*big.Rat, error) {
	return new(big.Rat).Add(v, big.NewRat(f.num, f.den)), nil
}

// logarithm is times × log_base(x); base 0 stands for e.
type logarithm struct{ base, times int64 }

func (f logarithm) apply(x *big.Rat) (*big.Rat, error) {
	if x.Sign() <= 0 {
		return nil, ErrRange
	}
	l := ln(realOf(x))
	if f.base != 0 {
		l.Quo(l, ln(integer(f.base)))
	}
	return ratioOfReal(l.Mul(l, integer(f.times)))
}

func (f logarithm) inverse(v *big.Rat) (*big.Rat, error) {
	e := new(big.Rat).Mul(v, big.NewRat(1, f.times))
	if f.base != 0 && e.IsInt() && e.Num().IsInt64() {
		return ratioPower(big.NewRat(f.base, 1), int(e.Num().Int64()))
	}
	x := realOf(e)
	if f.base != 0 {
		x.Mul(x, ln(integer(f.base)))
	}
	const maxExponent = 12 // e^4096 is past what a scale holds
	if x.MantExp(nil) > maxExponent {
		return nil, ErrRange
	}
	return ratioOfReal(exp(x))
}

// slope is 100 × tan(x), of an angle less than a right one.
type slope struct{}

func (slope) apply(x *big.Rat) (*big.Rat, error) {
	if right := big.NewRat(15707963267948966, 1e16); new(big.Rat).Abs(x).Cmp(right) > 0 {
		return nil, ErrRange
	}
	t := tan(realOf(x))
	return ratioOfReal(t.Mul(t, integer(100)))
}

func (slope) inverse(v *big.Rat) (*big.Rat, error) {
	t := realOf(v)
	return ratioOfReal(arctan(t.Quo(t, integer(100))))
}

// squareRoot is √x.
type squareRoot struct{}

func (squareRoot) apply(x *big.Rat) (*big.Rat, error) {
	if x.Sign() < 0 {
		return nil, ErrRange
	}
	root := realOf(x)
	return ratioOfReal(root.Sqrt(root))
}

func (squareRoot) inverse(v *big.Rat) (*big.Rat, error) {
	if v.Sign() < 0 {
		return nil, ErrRange
	}
	return ratioPower(v, 2)
}
