package search

import (
	"regexp"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/index"
)

// Limits of decimals in queries. FHIR asks for 18 digits, and HL7 has an example
// of 246; more digits or a larger exponent serve nobody and cost arithmetic.
const (
	maxDigits   = 400
	maxExponent = 400
)

// exact computes with enough digits for anything that the limits let in.
var exact = apd.BaseContext.WithPrecision(2 * (maxDigits + maxExponent))

// setDecimal reads a JSON number within the limits.
func setDecimal(d *apd.Decimal, s string) bool {
	if len(s) > maxDigits || !plainDecimal(s) {
		return false
	}
	_, _, err := d.SetString(s)
	return err == nil && d.Exponent >= -maxExponent && d.Exponent <= maxExponent
}

// wholeNumber is a number, within the limits or not.
var wholeNumber = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// plainDecimal keeps out what apd reads and FHIR does not: NaN, Infinity, _.
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

// A number is a decimal of a query with the range that its digits imply.
type number struct {
	value string
	// low and high bound the implied range: half a unit of the last digit around
	// the value, [low, high) (FHIR R4 §3.1.1.4.6). One significant digit with an
	// exponent counts as two: 1e2 is [95, 105).
	low, high string
	exponent  bool
	parsed    *apd.Decimal
}

func readNumber(s string) (number, bool) {
	d := new(apd.Decimal)
	if !setDecimal(d, s) {
		return number{}, false
	}
	n := number{value: d.String(), parsed: d, exponent: strings.ContainsAny(s, "eE")}
	unit := d.Exponent
	if n.exponent && d.NumDigits() == 1 {
		unit--
	}
	half := apd.New(5, unit-1)
	var low, high apd.Decimal
	exact.Sub(&low, d, half)
	exact.Add(&high, d, half)
	n.low, n.high = low.String(), high.String()
	return n, true
}

// around returns the implied range widened by a tenth of the value.
func (n number) around() (low, high string) {
	var tenth, l, h apd.Decimal
	exact.Abs(&tenth, n.parsed)
	exact.Mul(&tenth, &tenth, apd.New(1, -1))
	setDecimalString(&l, n.low)
	setDecimalString(&h, n.high)
	exact.Sub(&l, &l, &tenth)
	exact.Add(&h, &h, &tenth)
	return l.String(), h.String()
}

// setDecimalString reads what String wrote, or a number of valid JSON. Exponents
// are cut where apd ends: beyond, decimals of different size count as equal.
func setDecimalString(d *apd.Decimal, s string) {
	if _, _, err := d.SetString(s); err == nil {
		return
	}
	const farthest = "90000"
	d.SetInt64(0)
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		sign := "+"
		if s[i+1] == '-' {
			sign = "-"
		}
		_, _, _ = d.SetString(s[:min(i, maxDigits)] + "e" + sign + farthest)
	}
}

// compareDecimals orders two decimals.
func compareDecimals(a, b string) int {
	var x, y apd.Decimal
	setDecimalString(&x, a)
	setDecimalString(&y, b)
	return x.Cmp(&y)
}

// numberWindows are the conditions on stored ranges for a prefix, of which one
// must hold. whole says that the numbers are integers, on which eq and ne are
// exact unless the query wrote an exponent.
func numberWindows(prefix Prefix, n number, whole bool) []index.NumberWindow {
	low, high := index.Limit{Value: n.low}, index.Limit{Value: n.high, Excluded: true}
	if whole && !n.exponent {
		low, high = index.Limit{Value: n.value}, index.Limit{Value: n.value}
	}
	value := index.Limit{Value: n.value}
	beyond := index.Limit{Value: n.value, Excluded: true}
	above := index.NumberWindow{HighMin: beyond}
	below := index.NumberWindow{LowMax: beyond}
	switch prefix {
	case NotEqual:
		return []index.NumberWindow{{LowMax: flip(low)}, {HighMin: flip(high)}}
	case Greater:
		return []index.NumberWindow{above}
	case Less:
		return []index.NumberWindow{below}
	case GreaterOrEqual:
		return []index.NumberWindow{above, index.NumberWithin(value, value)}
	case LessOrEqual:
		return []index.NumberWindow{below, index.NumberWithin(value, value)}
	case StartsAfter:
		return []index.NumberWindow{{LowMin: beyond}}
	case EndsBefore:
		return []index.NumberWindow{{HighMax: beyond}}
	case includes:
		return []index.NumberWindow{index.NumberOverlaps(value, value)}
	case Approximately:
		from, to := n.around()
		return []index.NumberWindow{index.NumberOverlaps(index.Limit{Value: from}, index.Limit{Value: to, Excluded: true})}
	default:
		return []index.NumberWindow{index.NumberWithin(low, high)}
	}
}

// flip returns the limit of what lies on the other side.
func flip(l index.Limit) index.Limit { return index.Limit{Value: l.Value, Excluded: !l.Excluded} }
