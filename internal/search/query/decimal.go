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
	// The same three as numbers.
	value, low, high *apd.Decimal
}

func readNumber(s string) (Number, bool) {
	d, low, high := new(apd.Decimal), new(apd.Decimal), new(apd.Decimal)
	if !param.SetDecimal(d, s) {
		return Number{}, false
	}
	n := Number{Value: d.String(), value: d, low: low, high: high, Exponent: strings.ContainsAny(s, "eE")}
	unit := d.Exponent
	if n.Exponent && d.NumDigits() == 1 {
		unit--
	}
	half := apd.New(5, unit-1)
	param.Exact.Sub(low, d, half)
	param.Exact.Add(high, d, half)
	n.Low, n.High = low.String(), high.String()
	return n, true
}

// Around returns the implied range widened by a tenth of the value.
func (n Number) Around() (low, high string) {
	var tenth, l, h apd.Decimal
	param.Exact.Abs(&tenth, n.value)
	param.Exact.Mul(&tenth, &tenth, apd.New(1, -1))
	param.Exact.Sub(&l, n.low, &tenth)
	param.Exact.Add(&h, n.high, &tenth)
	return l.String(), h.String()
}
