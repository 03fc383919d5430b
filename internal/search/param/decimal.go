package param

import (
	"regexp"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Limits of decimals in queries. FHIR asks for 18 digits, and HL7 has an example with
// 246. More digits or a larger exponent serve nobody and make arithmetic costly.
const (
	MaxDigits   = 400
	MaxExponent = 400
)

// Exact computes with enough digits for all decimals within the limits.
var Exact = apd.BaseContext.WithPrecision(2 * (MaxDigits + MaxExponent))

// SetDecimal reads a JSON number within the limits.
func SetDecimal(d *apd.Decimal, s string) bool {
	if len(s) > MaxDigits || !plainDecimal(s) {
		return false
	}
	_, _, err := d.SetString(s)
	return err == nil && d.Exponent >= -MaxExponent && d.Exponent <= MaxExponent
}

// WholeNumber is a number, within the limits or not.
var WholeNumber = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// plainDecimal refuses texts that apd reads and FHIR does not: NaN, Infinity, _.
func plainDecimal(s string) bool {
	digits := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case strings.IndexByte("+-.eE", c) < 0:
			return false
		}
	}
	return digits
}
