package ucum

import (
	"slices"
	"strconv"
)

// A power is a base unit and its exponent, which is not 0.
type power struct {
	base     uint8
	exponent int
}

// A dimension is a product of base units, each at most once, in order of bases.
// It is immutable.
type dimension []power

// times returns d × e^n.
func (d dimension) times(e dimension, n int) dimension {
	product := slices.Clone(d)
	for _, p := range e {
		i, found := slices.BinarySearchFunc(product, p.base, func(q power, base uint8) int {
			return int(q.base) - int(base)
		})
		switch {
		case !found:
			product = slices.Insert(product, i, power{p.base, p.exponent * n})
		case product[i].exponent+p.exponent*n == 0:
			product = slices.Delete(product, i, i+1)
		default:
			product[i].exponent += p.exponent * n
		}
	}
	return product
}

// String is the canonical form: g.m-1, or 1.
func (d dimension) String() string {
	if len(d) == 0 {
		return "1"
	}
	var text []byte
	for i, p := range d {
		if i > 0 {
			text = append(text, '.')
		}
		text = append(text, bases[p.base]...)
		if p.exponent != 1 {
			text = strconv.AppendInt(text, int64(p.exponent), 10)
		}
	}
	return string(text)
}
