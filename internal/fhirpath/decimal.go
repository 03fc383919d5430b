package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/decimal"
	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
)

// Decimals have the precision that FHIRPath asks for: 28 digits (FHIRPath N1
// §4.1.4). An operation whose exact result has more is rounded, half away from
// zero; one whose result is 10²⁸ or more has none (FHIRPath N1 §6.6).
const (
	precision = 28
	// maxScale is the greatest number of decimal places that is kept.
	maxScale = 60
	// maxDigits is how long a number may be to take part in arithmetic.
	maxDigits = 100
)

func newContext(digits uint32) *apd.Context {
	c := apd.BaseContext.WithPrecision(digits)
	c.Rounding = apd.RoundHalfUp
	c.Traps = 0
	return c
}

var (
	decimals = newContext(precision)
	// guarded is for computing in several steps or by series.
	guarded = newContext(precision + 12)
)

// readDecimal sets d to the number of a text. It reports false if the text is no
// number, or too large or too long for arithmetic.
func readDecimal[S ~string | ~[]byte](d *apd.Decimal, text S) bool {
	if len(text) > maxDigits {
		return false
	}
	if n, exponent, ok := decimal.Integer(text); ok && !outOfReach(exponent) {
		d.SetFinite(n, int32(exponent))
		return -maxScale <= exponent && exponent <= 0 || inRange(d)
	}
	n, ok := decimal.Parse(text)
	if !ok || outOfReach(n.Exponent) {
		return false
	}
	_, _, err := d.SetString(string(text))
	return err == nil && inRange(d)
}

// inRange reports whether a number is in the range of arithmetic.
func inRange(d *apd.Decimal) bool {
	return d.Form == apd.Finite && d.Exponent >= -maxScale && (d.IsZero() || d.NumDigits()+int64(d.Exponent) <= precision)
}

// isDecimal reports whether a text is a number as a literal has it, with an
// optional sign.
func isDecimal(text string) bool {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	return syntax.IsNumber(text)
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// plainDecimal returns the text of a number as JSON has it: without + and zeros in
// front. The digits after the point stay.
func plainDecimal(text string) string {
	sign := ""
	switch {
	case strings.HasPrefix(text, "-"):
		sign, text = "-", text[1:]
	case strings.HasPrefix(text, "+"):
		text = text[1:]
	}
	for len(text) > 1 && text[0] == '0' && isDigit(text[1]) {
		text = text[1:]
	}
	return sign + text
}

// decimalOf sets d to the value of an item of classNumber, or to the number of a
// System.Quantity.
func (v *Evaluator) decimalOf(d *apd.Decimal, it item) bool {
	if it.sort == sortInteger {
		d.SetInt64(int64(int32(it.ref)))
		return true
	}
	return readDecimal(d, v.text(it, &v.buffers[0]))
}

// addDecimal makes a decimal of the result of an operation; it reports false if there
// is none.
func (v *Evaluator) addDecimal(d *apd.Decimal, condition apd.Condition) (item, bool) {
	const failed = apd.InvalidOperation | apd.DivisionByZero | apd.DivisionUndefined | apd.Overflow | apd.DivisionImpossible
	if condition&failed != 0 || !tidy(d) {
		return item{}, false
	}
	return v.addValue(sortDecimal, value{text: d.Text('f')}), true
}

// tidy brings a result into the range of decimals: at most maxScale places, no
// positive exponent, no negative zero. It reports false beyond the range.
func tidy(d *apd.Decimal) bool {
	if d.Form != apd.Finite {
		return false
	}
	if d.Exponent < -maxScale {
		if d.NumDigits()+int64(d.Exponent) < -maxScale {
			d.SetInt64(0)
		} else {
			newContext(maxDigits).Quantize(d, d, -maxScale)
		}
	}
	if d.IsZero() {
		d.Negative = false
	}
	return inRange(d)
}

// truncated returns the whole part of a number.
func truncated(d *apd.Decimal) (int64, bool) {
	var whole, fraction apd.Decimal
	d.Modf(&whole, &fraction)
	n, err := whole.Int64()
	return n, err == nil
}
