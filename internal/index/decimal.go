package index

import (
	"math"
	"strconv"
	"strings"
)

// An image is a float64 as an integer of the same order. A decimal that is less
// than another has an image that is less or equal; so only equal images leave a
// comparison open, and then only if one of the two is inexact.
type image int64

const (
	imageOpenLow  image = math.MinInt64
	imageOpenHigh image = math.MaxInt64
)

// exactDigits is the number of significant digits up to which different
// decimals have different float64.
const exactDigits = 15

// imageOf returns the image of a decimal, and whether other decimals may share it.
func imageOf(text string) (im image, inexact bool, err error) {
	d, ok := parseDecimal(text)
	if !ok {
		return 0, false, ErrNumber
	}
	if d.digits == "" {
		return 0, false, nil
	}
	// The only error left is a value out of range, which comes back as infinite.
	f, _ := strconv.ParseFloat(text, 64)
	inexact = len(d.digits) > exactDigits || math.IsInf(f, 0) || math.Abs(f) < 1e-290
	i := int64(math.Float64bits(f))
	if i < 0 {
		i ^= math.MaxInt64
	}
	return image(i), inexact, nil
}

// float is the inverse of imageOf; open ends become infinite.
func (im image) float() float64 {
	switch im {
	case imageOpenLow:
		return math.Inf(-1)
	case imageOpenHigh:
		return math.Inf(1)
	}
	i := int64(im)
	if i < 0 {
		i ^= math.MaxInt64
	}
	return math.Float64frombits(uint64(i))
}

// A decimal is ±0.digits × 10^exp; digits has neither leading nor trailing
// zeros, and zero has none.
type decimal struct {
	negative bool
	digits   string
	exp      int64
}

// maxExponent is the largest exponent: beyond it decimals of different size count as
// equal.
const maxExponent = 1 << 40

func parseDecimal(text string) (decimal, bool) {
	var d decimal
	s := text
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var ok bool
		if d.exp, ok = parseExponent(s[i+1:]); !ok {
			return d, false
		}
		s = s[:i]
	}
	whole, fraction, pointed := strings.Cut(s, ".")
	if !allDigits(whole) || !allDigits(fraction) || whole == "" || (pointed && fraction == "") {
		return d, false
	}
	d.exp += int64(len(whole))
	digits := whole
	if fraction != "" {
		digits = whole + fraction
	}
	trimmed := strings.TrimLeft(digits, "0")
	d.exp -= int64(len(digits) - len(trimmed))
	d.digits = strings.TrimRight(trimmed, "0")
	return d, true
}

func parseExponent(s string) (int64, bool) {
	sign := int64(1)
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if s == "" || !allDigits(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxExponent {
		n = maxExponent
	}
	return sign * n, true
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// compare returns -1, 0 or 1.
func (d decimal) compare(e decimal) int {
	if s := d.sign() - e.sign(); s != 0 || d.digits == "" {
		return max(-1, min(1, s))
	}
	c := 0
	switch {
	case d.exp < e.exp:
		c = -1
	case d.exp > e.exp:
		c = 1
	default:
		// Without trailing zeros, a shorter fraction is a smaller one.
		c = strings.Compare(d.digits, e.digits)
	}
	return c * d.sign()
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}
