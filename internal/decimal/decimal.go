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
	n, in, ok := scan(text)
	if !ok {
		return d, false
	}
	d = Decimal[Bytes]{Negative: text[0] == '-', Exact: n.exact, Coefficient: n.coefficient, Exponent: n.exponent, Cut: n.cut}
	first, last := in.start, in.end
	for first < in.end && (text[first] == '0' || text[first] == '.') {
		first++
	}
	if first == in.end {
		return d, true
	}
	for text[last-1] == '0' || text[last-1] == '.' {
		last--
	}
	d.digits = text[first:last]
	// Exponent counts from the last digit, the magnitude from before the first one.
	d.magnitude = n.exponent + int64(in.end-first)
	if first < in.point && in.point < in.end {
		d.magnitude--
	}
	return d, true
}

// Exact reads a number as Parse does, and returns those of its fields that calculating in
// one word needs. It reports false if Parse does, or if the number is not exact.
func Exact[Bytes ~string | ~[]byte](text Bytes) (coefficient uint64, exponent int64, negative, ok bool) {
	n, _, ok := scan(text)
	return n.coefficient, n.exponent, ok && text[0] == '-', ok && n.exact
}

// Integer reads n × 10^exponent as Exact does: a zero has no sign.
func Integer[Bytes ~string | ~[]byte](text Bytes) (n, exponent int64, ok bool) {
	coefficient, exponent, negative, ok := Exact(text)
	if n = int64(coefficient); negative {
		n = -n
	}
	return n, exponent, ok
}

// CompareWords orders two numbers by value, as Compare does, in one word each. It reports
// false if a word is too short for one of them, if an exponent is beyond 1000, or if one
// is no number: then Parse tells.
func CompareWords[Bytes ~string | ~[]byte](a, b Bytes) (order int, ok bool) {
	x, _, okX := scan(a)
	y, _, okY := scan(b)
	if !okX || !okY || !x.fits() || !y.fits() {
		return 0, false
	}
	exponent := min(x.exponent, y.exponent)
	p, okP := x.signed(a[0] == '-', exponent)
	q, okQ := y.signed(b[0] == '-', exponent)
	return cmp.Compare(p, q), okP && okQ
}

func (w word) fits() bool { return w.exact && -1000 <= w.exponent && w.exponent <= 1000 }

// signed returns the number as an integer times 10^exponent, if that is a word.
func (w word) signed(negative bool, exponent int64) (n int64, ok bool) {
	for scale := w.exponent - exponent; scale > 0; scale-- {
		if w.coefficient > maxBefore {
			return 0, false
		}
		if w.coefficient *= 10; w.coefficient == 0 {
			break
		}
	}
	if negative {
		return -int64(w.coefficient), true
	}
	return int64(w.coefficient), true
}

// A word is a number as far as one word holds it: its fields are those of Decimal.
type word struct {
	coefficient uint64
	exponent    int64
	exact, cut  bool
}

// The places of a number are where its digits begin and end in a text, and its point, or
// else their end.
type places struct{ start, point, end int }

// scan returns two values of few fields, which stay in registers.
func scan[Bytes ~string | ~[]byte](text Bytes) (n word, in places, ok bool) {
	at := 0
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		at++
	}
	start, point, coefficient, exact := at, -1, uint64(0), true
	for ; at < len(text); at++ {
		c := text[at] - '0'
		if c > 9 {
			if text[at] != '.' || point >= 0 {
				break
			}
			point = at
			continue
		}
		if coefficient > maxBefore {
			exact = false
		} else {
			coefficient = coefficient*10 + uint64(c)
		}
	}
	end, exponent, cut := at, int64(0), false
	if point < 0 {
		point = end
	} else {
		exponent = int64(point + 1 - end)
		if point == start || point == end-1 {
			return n, in, false
		}
	}
	if end == start {
		return n, in, false
	}
	if end < len(text) {
		e, far, ok := scanExponent(text[end:])
		if !ok {
			return n, in, false
		}
		exponent, cut = exponent+e, far
	}
	return word{coefficient, exponent, exact && !cut, cut}, places{start, point, end}, true
}

// scanExponent reads e[+-]digits.
func scanExponent[Bytes ~string | ~[]byte](text Bytes) (e int64, cut, ok bool) {
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false, false
	}
	at := 1
	negative := len(text) > at && text[at] == '-'
	if negative || len(text) > at && text[at] == '+' {
		at++
	}
	if at == len(text) {
		return 0, false, false
	}
	for ; at < len(text); at++ {
		c := text[at] - '0'
		if c > 9 {
			return 0, false, false
		}
		if e = e*10 + int64(c); e > MaxExponent {
			e, cut = MaxExponent, true
		}
	}
	if negative {
		e = -e
	}
	return e, cut, true
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
