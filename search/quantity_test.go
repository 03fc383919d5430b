package search_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/schema"
)

const ucumSystem = "http://unitsofmeasure.org"

// A modelUnit is a unit of UCUM as its table defines it, worked out by hand: x of
// it is factor × x + offset of what its dimension is measured in.
type modelUnit struct{ dimension, factor, offset string }

// modelUnits has the units that the data of the tests share a dimension in. One
// that is alone, or no unit, is not here: it is equal to itself alone.
var modelUnits = map[string]modelUnit{
	"g": {"g", "1", "0"}, "kg": {"g", "1000", "0"}, "mg": {"g", "0.001", "0"}, "ug": {"g", "1e-6", "0"},
	"pg": {"g", "1e-12", "0"}, "[lb_av]": {"g", "453.59237", "0"}, "g{wet}": {"g", "1", "0"},
	"g/L": {"g/L", "1", "0"}, "g/dL": {"g/L", "10", "0"}, "mg/dL": {"g/L", "0.01", "0"}, "ng/mL": {"g/L", "1e-6", "0"},
	"ug/mL": {"g/L", "0.001", "0"}, "pg/mL": {"g/L", "1e-9", "0"},
	"kg/m2": {"g/m2", "1000", "0"}, "mg/m2": {"g/m2", "0.001", "0"},
	"cm": {"m", "0.01", "0"}, "mm": {"m", "0.001", "0"}, "[in_i]": {"m", "0.0254", "0"},
	"fL": {"L", "1e-15", "0"}, "mL": {"L", "0.001", "0"}, "ml": {"L", "0.001", "0"}, "[foz_us]": {"L", "0.0295735295625", "0"},
	"mL/min": {"L/h", "0.06", "0"}, "mL/min/{1.73_m2}": {"L/h", "0.06", "0"}, "mL/h": {"L/h", "0.001", "0"}, "mL/d": {"L/h", "1/24000", "0"},
	"1": {"1", "1", "0"}, "%": {"1", "0.01", "0"}, "{score}": {"1", "1", "0"}, "{T-score}": {"1", "1", "0"},
	"{nominal}": {"1", "1", "0"}, "{count}": {"1", "1", "0"}, "{scoop}": {"1", "1", "0"}, "mg/g": {"1", "0.001", "0"},
	"mg/kg": {"1", "1e-6", "0"}, "meq": {"1", "6.0221367e20", "0"},
	"10*3/uL": {"/L", "1e9", "0"}, "10*9/L": {"/L", "1e9", "0"}, "10*6/uL": {"/L", "1e12", "0"}, "10*12/L": {"/L", "1e12", "0"},
	"mmol/L": {"/L", "6.0221367e20", "0"}, "umol/L": {"/L", "6.0221367e17", "0"},
	"/min": {"/min", "1", "0"}, "U": {"/min", "6.0221367e17", "0"},
	"U/L": {"U/L", "1", "0"}, "kU/L": {"U/L", "1000", "0"},
	"mm[Hg]": {"Pa", "133.322", "0"}, "kPa": {"Pa", "1000", "0"},
	"cal/mL": {"Pa", "4184000", "0"}, "cal/[foz_us]": {"Pa", "41840000000000/295735295.625", "0"},
	"min": {"min", "1", "0"}, "h": {"min", "60", "0"}, "d": {"min", "1440", "0"}, "a": {"min", "525960", "0"},
	"K": {"K", "1", "0"}, "Cel": {"K", "1", "273.15"}, "[degF]": {"K", "5/9", "45967/180"},
}

// ratio reads a decimal or a fraction of two.
func ratio(text string) *big.Rat {
	over, under, fraction := strings.Cut(text, "/")
	r, _ := new(big.Rat).SetString(over)
	if fraction {
		divisor, _ := new(big.Rat).SetString(under)
		r.Quo(r, divisor)
	}
	return r
}

// in returns the measure in another unit of UCUM, if it has a number in that.
func (q measure) in(code string) (measure, bool) {
	from, to := modelUnits[q.code], modelUnits[code]
	if q.system != ucumSystem || from.dimension == "" || from.dimension != to.dimension {
		return q, false
	}
	convert := func(x *big.Rat) *big.Rat {
		if x == nil {
			return nil
		}
		base := new(big.Rat).Mul(x, ratio(from.factor))
		base.Sub(base.Add(base, ratio(from.offset)), ratio(to.offset))
		return base.Quo(base, ratio(to.factor))
	}
	return measure{convert(q.low), convert(q.high), q.system, code, q.unit}, true
}

// hasUnit reports whether a quantity of a query, of a system and code, compares
// with the measure, and returns it in that unit.
func (q measure) hasUnit(system, code string) (measure, bool) {
	switch {
	case system == "":
		return q, q.code == code || q.unit == code
	case q.system != system:
		return q, false
	case q.code == code || code == "":
		return q, true
	}
	return q.in(code)
}

// otherUnit draws a unit of the same dimension.
func (q measure) otherUnit(t *rapid.T) measure {
	var codes []string
	for code, unit := range modelUnits {
		if unit.dimension == modelUnits[q.code].dimension {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	other, ok := q.in(choose(t, codes, "other unit"))
	require.True(t, ok)
	return other
}

// drawQuantity draws the members of a Quantity of which a few units and numbers
// meet often.
func drawQuantity(t *rapid.T) string {
	codes := []string{"g", "mg", "kg", "ug", "[lb_av]", "g{wet}", "Cel", "[degF]", "K", "mmol/L", "umol/L", "1", "%", "{score}", "KG", "mgs", ""}
	number := choose(t, []string{"0", "1", "5.4", "5400", "0.0054", "37", "37.0", "98.6", "310.15", "-40", "453.59237", "0.45359237", "100", "1e-3", "1.0000000000000000001"}, "number")
	return fmt.Sprintf(`"value":%s,"unit":%q,"system":%q,"code":%q`, number, choose(t, []string{"g", "x"}, "unit"), choose(t, []string{ucumSystem, ucumSystem, ucumSystem, "urn:u"}, "system"), choose(t, codes, "code"))
}

// drawMeasured draws a resource with quantities.
func drawMeasured(t *rapid.T, id int) string {
	quantity := func() string { return strings.ReplaceAll(drawQuantity(t), `,"code":""`, "") }
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		low := quantity()
		high := strings.Replace(low, `"value":`, `"value":1`, 1)
		if strings.Contains(low, ":-") {
			high = low
		}
		return fmt.Sprintf(`{"resourceType":"Condition","id":"c%d","subject":{"reference":"Patient/1"},"onsetRange":{"low":{%s},"high":{%s}}}`, id, low, high)
	case 1:
		return fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"code":"s"}]},"valueSampledData":{"origin":{%s},"period":1,"factor":0.5,"dimensions":1,"data":"1 E 3.3"}}`, id, quantity())
	case 2:
		component := func() string {
			return fmt.Sprintf(`{"code":{"coding":[{"code":"c%d"}]},"valueQuantity":{%s}}`, rapid.IntRange(0, 1).Draw(t, "component"), quantity())
		}
		return fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"code":"p"}]},"component":[%s,%s]}`, id, component(), component())
	}
	comparator := choose(t, []string{"", "", `"comparator":"<",`, `"comparator":">=",`}, "comparator")
	return fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"code":"q"}]},"valueQuantity":{%s%s}}`, id, comparator, quantity())
}

// TestUnits compares over quantities of a few units, at random.
func TestUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, m := newStore(t), newModel(t)
		var lines [][]byte
		for i := range rapid.IntRange(2, 12).Draw(t, "resources") {
			lines = append(lines, []byte(drawMeasured(t, i)))
		}
		load(s, m, lines)
		maker := newQueryMaker(m)
		for _, typ := range maker.types() {
			for _, p := range maker.params[typ] {
				if p.Type == schema.ParamQuantity || p.Type == schema.ParamComposite {
					checkQuery(t, s, m, typ, []*modelQuery{maker.plain(t, p)})
				}
			}
		}
	})
}
