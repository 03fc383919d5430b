package decimal

import "cmp"

// MaxExponent is where exponents are cut off, on both sides.
const MaxExponent = 1e15

// maxBefore is the greatest coefficient to which a digit is added: exact ones have 18.
const maxBefore = 1e17 - 1

// A Decimal is a number, with its digits in the text that it was read from. It is a plain
// value and good for as long as the text does not change.
type Decimal[Bytes ~string | ~[]byte] struct {
	Negative bool // a minus sign was written, of zero too
	// Exact says that Coefficient × 10^Exponent is the number, its sign aside. Coefficient
	// has the digits as they were written, up to 18 without zeros in front: 1.50 is
	// 150 × 10^-2.
	Exact       bool
	Coefficient uint64
	// Exponent is that of the last digit that was written.
	Exponent int64
	// Cut says that the exponent was beyond MaxExponent.
	Cut bool

	// The number is 0.digits × 10^magnitude. Digits neither begin nor end in a zero, and
	// may have a point among them. Those of zero are empty.
	digits    Bytes
	magnitude int64
}

// Parse reads [+-]digits[.digits][e[+-]digits], with zeros in front or without. It
// reports false for anything else.
func Parse[Bytes ~string | ~[]byte](text Bytes) (d Decimal[Bytes], ok bool) {
	at := 0
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		d.Negative = text[0] == '-'
		at++
	}
	start, point := at, -1
	first, last := -1, -1 // digits that are not 0
	d.Exact = true
	for ; at < len(text); at++ {
		c := text[at] - '0'
		if c > 9 {
			if text[at] != '.' || point >= 0 {
				break
			}
			point = at
			continue
		}
		if c != 0 {
			if last = at; first < 0 {
				first = at
			}
		}
		if d.Coefficient > maxBefore {
			d.Exact = false
		} else {
			d.Coefficient = d.Coefficient*10 + uint64(c)
		}
	}
	end := at
	if point < 0 {
		point = end
	} else {
		d.Exponent = int64(point + 1 - end)
		if point == start || point == end-1 {
			return d, false
		}
	}
	if end == start || end < len(text) && !d.readExponent(text[end:]) {
		return d, false
	}
	if first < 0 {
		return d, true
	}
	d.digits = text[first : last+1]
	// Exponent counts from the last digit, the magnitude from before the first one.
	d.magnitude = d.Exponent + int64(end-first)
	if first < point && point < end {
		d.magnitude--
	}
	return d, true
}

// readExponent adds e[+-]digits to the exponent.
func (d *Decimal[Bytes]) readExponent(text Bytes) bool {
	if text[0] != 'e' && text[0] != 'E' {
		return false
	}
	at := 1
	negative := len(text) > at && text[at] == '-'
	if negative || len(text) > at && text[at] == '+' {
		at++
	}
	if at == len(text) {
		return false
	}
	n := int64(0)
	for ; at < len(text); at++ {
		c := text[at] - '0'
		if c > 9 {
			return false
		}
		if n = n*10 + int64(c); n > MaxExponent {
			n, d.Cut = MaxExponent, true
		}
	}
	if negative {
		n = -n
	}
	d.Exponent += n
	d.Exact = d.Exact && !d.Cut
	return true
}

// Sign returns -1, 0 or 1.
func (d Decimal[Bytes]) Sign() int {
	switch {
	case len(d.digits) == 0:
		return 0
	case d.Negative:
		return -1
	}
	return 1
}

// Digits returns the number of digits without the zeros at either end, 0 for zero.
func (d Decimal[Bytes]) Digits() int {
	n := len(d.digits)
	for i := range n {
		if d.digits[i] == '.' {
			return n - 1
		}
	}
	return n
}

// Magnitude returns m of a number that is 0.d… × 10^m, with a d that is not 0; 0 for zero.
func (d Decimal[Bytes]) Magnitude() int64 { return d.magnitude }

// Compare orders d and e by value: -1, 0 or 1.
func (d Decimal[Bytes]) Compare(e Decimal[Bytes]) int {
	sign := d.Sign()
	if other := e.Sign(); sign != other || sign == 0 {
		return cmp.Compare(sign, other)
	}
	if d.magnitude != e.magnitude {
		return sign * cmp.Compare(d.magnitude, e.magnitude)
	}
	return sign * compareDigits(d.digits, e.digits)
}

// Equal reports whether d and e are the same number. Of numbers whose exponents were cut
// nobody knows: it reports false.
func (d Decimal[Bytes]) Equal(e Decimal[Bytes]) bool {
	return !d.Cut && !e.Cut && d.Compare(e) == 0
}

// compareDigits orders digits behind the point. Without zeros at their end, a shorter
// fraction is a smaller one.
func compareDigits[Bytes ~string | ~[]byte](a, b Bytes) int {
	i, j := 0, 0
	for ; i < len(a) && j < len(b); i, j = i+1, j+1 {
		if a[i] == '.' {
			i++
		}
		if b[j] == '.' {
			j++
		}
		if a[i] != b[j] {
			return cmp.Compare(a[i], b[j])
		}
	}
	return cmp.Compare(len(a)-i, len(b)-j)
}
