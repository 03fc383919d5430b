package ucum

import "math/big"

// maxBits bounds numerators and denominators: about 10^±1000 with room for the
// digits of a value.
const maxBits = 4096

// A scale is an exact number, ratio × π^pi. It is immutable.
type scale struct {
	ratio *big.Rat
	pi    int
}

func one() scale { return scale{ratio: big.NewRat(1, 1)} }

// times returns s × t^n. It reports ErrRange past maxBits.
func (s scale) times(t scale, n int) (scale, error) {
	pi := s.pi + n*t.pi
	if isOne(t.ratio) {
		return scale{s.ratio, pi}, nil
	}
	ratio, err := ratioPower(t.ratio, n)
	if err != nil {
		return scale{}, err
	}
	if !isOne(s.ratio) {
		ratio = new(big.Rat).Mul(ratio, s.ratio)
	}
	return scale{ratio, pi}, checkRange(ratio)
}

func isOne(r *big.Rat) bool {
	return r.IsInt() && r.Num().IsInt64() && r.Num().Int64() == 1
}

// checkRange reports ErrRange for a number past maxBits.
func checkRange(r *big.Rat) error {
	if r.Num().BitLen() > maxBits || r.Denom().BitLen() > maxBits {
		return ErrRange
	}
	return nil
}

// ratioPower returns r^n, which may be r itself, or ErrRange. It estimates before
// it computes.
func ratioPower(r *big.Rat, n int) (*big.Rat, error) {
	if n == 1 {
		return r, nil
	}
	if r.Sign() == 0 && n <= 0 {
		return nil, ErrRange
	}
	num, den := r.Num(), r.Denom()
	if n < 0 {
		num, den, n = den, num, -n
	}
	if n < 0 || n > maxBits || n*(max(num.BitLen(), den.BitLen())-1) > maxBits {
		return nil, ErrRange
	}
	if n == 1 {
		return new(big.Rat).Inv(r), nil
	}
	e := big.NewInt(int64(n))
	return new(big.Rat).SetFrac(new(big.Int).Exp(num, e, nil), new(big.Int).Exp(den, e, nil)), nil
}

// rational returns the value of s, where π counts with the digits of the table.
// The caller must not change it.
func (s scale) rational() (*big.Rat, error) {
	if s.pi == 0 {
		return s.ratio, nil
	}
	pi, err := parseRatio(findAtom(piCode).value)
	if err != nil {
		return nil, err
	}
	p, err := ratioPower(pi, s.pi)
	if err != nil {
		return nil, err
	}
	return new(big.Rat).Mul(p, s.ratio), nil
}

// compare orders two numbers. A power of π that both have does not count.
func (s scale) compare(t scale) (int, error) {
	if s.pi == t.pi {
		return s.ratio.Cmp(t.ratio), nil
	}
	x, err := s.rational()
	if err != nil {
		return 0, err
	}
	y, err := t.rational()
	if err != nil {
		return 0, err
	}
	return x.Cmp(y), nil
}
