package extract

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// sampledData adds the range from the smallest to the largest value of a
// SampledData: origin + factor × sample (FHIR R4 §2.24.0.11). A sample L or U is
// the limit if there is one and leaves that end open if not; E is no value.
func (x *Extractor) sampledData(at fhirjson.Index, p index.Param, group uint32) {
	origin, ok := x.doc.Child(at, x.Fields.SampledOrigin)
	if !ok {
		return
	}
	zero, factor := apd.New(0, 0), apd.New(1, 0)
	if s := x.quantityPart(origin, x.Fields.QuantityValue); s != "" && !param.SetDecimal(zero, s) {
		return
	}
	if s := x.child(at, x.Fields.SampledFactor); s != "" && !param.SetDecimal(factor, s) {
		return
	}
	var low, high *apd.Decimal
	var openLow, openHigh bool
	for _, sample := range strings.Fields(x.child(at, x.Fields.SampledData)) {
		switch sample {
		case "E":
			continue
		case "L":
			if sample = x.child(at, x.Fields.SampledLower); sample == "" {
				openLow = true
				continue
			}
		case "U":
			if sample = x.child(at, x.Fields.SampledUpper); sample == "" {
				openHigh = true
				continue
			}
		}
		value := new(apd.Decimal)
		if !param.SetDecimal(value, sample) {
			continue
		}
		param.Exact.Mul(value, value, factor)
		param.Exact.Add(value, value, zero)
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
	x.b.Quantity(p, group, from, to, x.quantityPart(origin, x.Fields.QuantitySystem),
		x.quantityPart(origin, x.Fields.QuantityCode), x.quantityPart(origin, x.Fields.QuantityUnit))
}
