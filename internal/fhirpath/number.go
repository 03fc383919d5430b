package fhirpath

import (
	"bytes"
	"cmp"
	"strconv"

	"github.com/cockroachdb/apd/v3"
)

// maxSmallDigits is how many digits an int64 surely holds.
const maxSmallDigits = 18

// powers are the powers of ten that an int64 surely holds.
var powers = [maxSmallDigits + 1]int64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// A small is a decimal number of few digits: mantissa / 10^scale.
type small struct {
	mantissa int64
	digits   int
	scale    int
}

// smallOf reads a number of up to 18 digits without an exponent.
func smallOf(text []byte) (n small, ok bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	point := -1
	for i, c := range text {
		switch {
		case isDigit(c) && n.digits < maxSmallDigits:
			n.mantissa = n.mantissa*10 + int64(c-'0')
			n.digits++
		case c == '.' && point < 0:
			point = i
		default:
			return small{}, false
		}
	}
	if point >= 0 {
		n.scale = len(text) - point - 1
	}
	if negative {
		n.mantissa = -n.mantissa
	}
	return n, n.digits > 0
}

// scaled returns the mantissa at a scale that is not less, if there is room.
func (n small) scaled(scale int) (int64, bool) {
	more := scale - n.scale
	if n.digits+more > maxSmallDigits {
		return 0, false
	}
	return n.mantissa * powers[more], true
}

// compareNumbers orders two decimal numbers by value, exactly: 1.0 equals 1.00.
// It reports false where one is out of the range of decimals.
func compareNumbers(a, b []byte) (order int, ok bool) {
	if bytes.Equal(a, b) {
		return 0, true
	}
	x, ok1 := smallOf(a)
	y, ok2 := smallOf(b)
	if ok1 && ok2 {
		scale := max(x.scale, y.scale)
		p, ok1 := x.scaled(scale)
		q, ok2 := y.scaled(scale)
		if ok1 && ok2 {
			return cmp.Compare(p, q), true
		}
	}
	return compareLarge(a, b)
}

// compareLarge orders numbers of any size, in time that grows with their digits. It
// reports false for what is no number, and for exponents that no decimal has.
func compareLarge(a, b []byte) (order int, ok bool) {
	x, ok1 := largeOf(a)
	y, ok2 := largeOf(b)
	if !ok1 || !ok2 {
		return 0, false
	}
	if x.sign != y.sign {
		return cmp.Compare(x.sign, y.sign), true
	}
	order = cmp.Compare(x.magnitude, y.magnitude)
	if order == 0 {
		order = bytes.Compare(x.digits, y.digits)
	}
	return order * x.sign, true
}

// A large is a number of any size: sign · 0.digits · 10^magnitude, without zeros at
// either end of the digits.
type large struct {
	sign      int
	digits    []byte
	magnitude int64
}

func largeOf(text []byte) (n large, ok bool) {
	n.sign = 1
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		if text[0] == '-' {
			n.sign = -1
		}
		text = text[1:]
	}
	mantissa := text
	if at := bytes.IndexAny(text, "eE"); at >= 0 {
		exponent, err := strconv.ParseInt(string(bytes.TrimPrefix(text[at+1:min(len(text), at+18)], []byte("+"))), 10, 64)
		if err != nil || len(text)-at > 17 || exponent > apd.MaxExponent || exponent < apd.MinExponent {
			return n, false
		}
		mantissa, n.magnitude = text[:at], exponent
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	if len(whole)+len(fraction) == 0 {
		return n, false
	}
	digits := make([]byte, 0, len(whole)+len(fraction))
	digits = append(append(digits, whole...), fraction...)
	for _, c := range digits {
		if !isDigit(c) {
			return n, false
		}
	}
	trimmed := bytes.TrimLeft(digits, "0")
	if len(trimmed) == 0 {
		return large{}, true
	}
	n.magnitude += int64(len(whole) - (len(digits) - len(trimmed)))
	n.digits = bytes.TrimRight(trimmed, "0")
	return n, true
}
