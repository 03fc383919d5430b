package ucum

import "math/big"

// The functions of special units are computed on binary numbers of workBits, 77 digits.
// The loss on the way, 20 bits in an exponential of thousands, leaves twice the digits
// of Precision.
const workBits = 256

func newReal() *big.Float { return new(big.Float).SetPrec(workBits) }

func integer(n int64) *big.Float { return newReal().SetInt64(n) }

func realOf(r *big.Rat) *big.Float { return newReal().SetRat(r) }

// ratioOfReal returns x exactly, or ErrRange.
func ratioOfReal(x *big.Float) (*big.Rat, error) {
	const maxExponent = maxBits - workBits
	if e := x.MantExp(nil); x.IsInf() || e > maxExponent || e < -maxExponent {
		return nil, ErrRange
	}
	r, _ := x.Rat(nil)
	return r, nil
}

// negligible says whether adding term to sum changes nothing.
func negligible(term, sum *big.Float) bool {
	return term.Sign() == 0 || term.MantExp(nil) < sum.MantExp(nil)-workBits
}

// exp is e^x for |x| < 2^12: its series for x / 2^k, squared k times.
func exp(x *big.Float) *big.Float {
	const small = -8
	k := max(x.MantExp(nil)-small, 0)
	x = newReal().SetMantExp(x, -k)
	sum, term := integer(1), integer(1)
	for n := int64(1); ; n++ {
		term.Quo(term.Mul(term, x), integer(n))
		if negligible(term, sum) {
			break
		}
		sum.Add(sum, term)
	}
	for range k {
		sum.Mul(sum, sum)
	}
	return sum
}

// ln is the natural logarithm of x > 0: e ln 2 + ln m for x = m 2^e, with m
// near 1.
func ln(x *big.Float) *big.Float {
	m := newReal()
	e := x.MantExp(m)
	if m.Cmp(big.NewFloat(0.7)) < 0 {
		m.SetMantExp(m, 1)
		e--
	}
	l := lnNearOne(m)
	if e == 0 {
		return l
	}
	ln2 := lnNearOne(integer(2))
	return l.Add(l, ln2.Mul(ln2, integer(int64(e))))
}

// lnNearOne is ln x = 2 artanh((x−1)/(x+1)).
func lnNearOne(x *big.Float) *big.Float {
	one := integer(1)
	z := newReal().Quo(newReal().Sub(x, one), newReal().Add(x, one))
	sum := oddSeries(z, newReal().Mul(z, z))
	return sum.Add(sum, sum)
}

// oddSeries is z + z s/3 + z s²/5 + …: artanh z for s = z², arctan z for −z².
func oddSeries(z, s *big.Float) *big.Float {
	sum, power := newReal().Set(z), newReal().Set(z)
	for n := int64(3); ; n += 2 {
		power.Mul(power, s)
		term := newReal().Quo(power, integer(n))
		if negligible(term, sum) {
			return sum
		}
		sum.Add(sum, term)
	}
}

// arctan halves the angle until its series is short: tan(a/2) = t/(1+√(1+t²)).
func arctan(t *big.Float) *big.Float {
	const halvings = 5 // from under π/2 to under 0.05
	one := integer(1)
	for range halvings {
		root := newReal().Mul(t, t)
		root.Sqrt(root.Add(root, one))
		t = newReal().Quo(t, root.Add(root, one))
	}
	square := newReal().Mul(t, t)
	sum := oddSeries(t, square.Neg(square))
	return sum.SetMantExp(sum, halvings)
}

// tan is sin x / cos x by their series, of |x| < 2.
func tan(x *big.Float) *big.Float {
	square := newReal().Mul(x, x)
	square.Neg(square)
	sin, cos := newReal().Set(x), integer(1)
	s, c := newReal().Set(x), integer(1)
	for n := int64(2); !negligible(s, sin) || !negligible(c, cos); n += 2 {
		c.Quo(c.Mul(c, square), integer(n*(n-1)))
		s.Quo(s.Mul(s, square), integer(n*(n+1)))
		cos.Add(cos, c)
		sin.Add(sin, s)
	}
	return sin.Quo(sin, cos)
}
