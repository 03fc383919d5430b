package search

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
)

// sampledData adds the range from the smallest to the largest value of a
// SampledData: origin + factor × sample (FHIR R4 §2.24.0.11). A sample L or U is
// the limit if there is one and leaves that end open if not; E is no value.
func (x *extractor) sampledData(at fhirjson.Index, p index.Param, group uint32) {
	origin, ok := x.doc.Child(at, x.fields.sampledOrigin)
	if !ok {
		return
	}
	zero, factor := apd.New(0, 0), apd.New(1, 0)
	if s := x.quantityPart(origin, x.fields.quantityValue); s != "" && !setDecimal(zero, s) {
		return
	}
	if s := x.child(at, x.fields.sampledFactor); s != "" && !setDecimal(factor, s) {
		return
	}
	var low, high *apd.Decimal
	var openLow, openHigh bool
	for _, sample := range strings.Fields(x.child(at, x.fields.sampledData)) {
		switch sample {
		case "E":
			continue
		case "L":
			if sample = x.child(at, x.fields.sampledLower); sample == "" {
				openLow = true
				continue
			}
		case "U":
			if sample = x.child(at, x.fields.sampledUpper); sample == "" {
				openHigh = true
				continue
			}
		}
		value := new(apd.Decimal)
		if !setDecimal(value, sample) {
			continue
		}
		exact.Mul(value, value, factor)
		exact.Add(value, value, zero)
		if low == nil || value.Cmp(low) < 0 {
			low = value
		}
		if high == nil || value.Cmp(high) > 0 {
			high = value
		}
	}
	if low == nil && !openLow && !openHigh {
		return
	}
	var from, to string
	if low != nil && !openLow {
		from = low.Text('f')
	}
	if high != nil && !openHigh {
		to = high.Text('f')
	}
	x.b.Quantity(p, group, from, to, x.quantityPart(origin, x.fields.quantitySystem),
		x.quantityPart(origin, x.fields.quantityCode), x.quantityPart(origin, x.fields.quantityUnit))
}
