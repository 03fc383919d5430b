package ucum

import (
	"math/big"

	"github.com/cockroachdb/apd/v3"
)

// workPrecision is the number of digits of the functions of special units. It
// leaves more than Precision after the digits that an exponential loses to an
// argument of up to 10^4.
const workPrecision = 60

// A calculator computes with workPrecision digits and keeps the first error.
type calculator struct{ d apd.ErrDecimal }

// calculate runs f and returns its result exactly, or ErrRange.
func calculate(f func(*calculator) *apd.Decimal) (*big.Rat, error) {
	c := &calculator{apd.MakeErrDecimal(apd.BaseContext.WithPrecision(workPrecision))}
	x := f(c)
	if c.d.Err() != nil || x.Form != apd.Finite {
		return nil, ErrRange
	}
	return ratioOf(x)
}

func (c *calculator) ratio(r *big.Rat) *apd.Decimal {
	num := apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(r.Num()), 0)
	den := apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(r.Denom()), 0)
	return c.quo(num, den)
}

func (c *calculator) add(x, y *apd.Decimal) *apd.Decimal { return c.d.Add(new(apd.Decimal), x, y) }
func (c *calculator) mul(x, y *apd.Decimal) *apd.Decimal { return c.d.Mul(new(apd.Decimal), x, y) }
func (c *calculator) quo(x, y *apd.Decimal) *apd.Decimal { return c.d.Quo(new(apd.Decimal), x, y) }
func (c *calculator) ln(x *apd.Decimal) *apd.Decimal     { return c.d.Ln(new(apd.Decimal), x) }
func (c *calculator) exp(x *apd.Decimal) *apd.Decimal    { return c.d.Exp(new(apd.Decimal), x) }
func (c *calculator) sqrt(x *apd.Decimal) *apd.Decimal   { return c.d.Sqrt(new(apd.Decimal), x) }

// tan is sin/cos by their series. It fails for x outside (−π/2, π/2).
func (c *calculator) tan(x *apd.Decimal) *apd.Decimal {
	right := apd.New(1570796326794896619, -18)
	if new(apd.Decimal).Abs(x).Cmp(right) > 0 {
		return &apd.Decimal{Form: apd.NaN}
	}
	square := c.mul(x, x)
	square.Negative = true
	// Below 2, the 80th power over 80! is under 10^-94.
	const last = 80
	sin, cos := new(apd.Decimal).Set(x), apd.New(1, 0)
	s, k := new(apd.Decimal).Set(x), apd.New(1, 0)
	for n := int64(2); n <= last; n += 2 {
		k = c.quo(c.mul(k, square), apd.New(n*(n-1), 0))
		s = c.quo(c.mul(s, square), apd.New(n*(n+1), 0))
		cos, sin = c.add(cos, k), c.add(sin, s)
	}
	return c.quo(sin, cos)
}

// atan halves the angle until its series is short: tan(a/2) = t/(1+√(1+t²)).
func (c *calculator) atan(t *apd.Decimal) *apd.Decimal {
	const halvings = 6 // from below π/2 to below 1/40
	one := apd.New(1, 0)
	for range halvings {
		t = c.quo(t, c.add(one, c.sqrt(c.add(one, c.mul(t, t)))))
	}
	square := c.mul(t, t)
	square.Negative = true
	// (1/40)^41 is under 10^-65.
	const last = 41
	sum, term := new(apd.Decimal).Set(t), t
	for n := int64(3); n <= last; n += 2 {
		term = c.mul(term, square)
		sum = c.add(sum, c.quo(term, apd.New(n, 0)))
	}
	return c.mul(sum, apd.New(1<<halvings, 0))
}
