package query

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A Number is a decimal of a query with the range that its digits imply.
type Number struct {
	Value string
	// Low and high bound the implied range: half a unit of the last digit around
	// the value, [low, high) (FHIR R4 §3.1.1.4.6). One significant digit with an
	// Exponent counts as two: 1e2 is [95, 105).
	Low, High string
	Exponent  bool
	parsed    *apd.Decimal
}

func readNumber(s string) (Number, bool) {
	d := new(apd.Decimal)
	if !param.SetDecimal(d, s) {
		return Number{}, false
	}
	n := Number{Value: d.String(), parsed: d, Exponent: strings.ContainsAny(s, "eE")}
	unit := d.Exponent
	if n.Exponent && d.NumDigits() == 1 {
		unit--
	}
	half := apd.New(5, unit-1)
	var low, high apd.Decimal
	param.Exact.Sub(&low, d, half)
	param.Exact.Add(&high, d, half)
	n.Low, n.High = low.String(), high.String()
	return n, true
}

// Around returns the implied range widened by a tenth of the value.
func (n Number) Around() (low, high string) {
	var tenth, l, h apd.Decimal
	param.Exact.Abs(&tenth, n.parsed)
	param.Exact.Mul(&tenth, &tenth, apd.New(1, -1))
	param.SetDecimalString(&l, n.Low)
	param.SetDecimalString(&h, n.High)
	param.Exact.Sub(&l, &l, &tenth)
	param.Exact.Add(&h, &h, &tenth)
	return l.String(), h.String()
}
