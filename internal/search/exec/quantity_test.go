package exec_test

import (
	"context"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
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

// FHIR R4 §3.1.1.4.11: quantities in UCUM's units are compared in canonical form.
func TestUnitRules(t *testing.T) {
	observation := func(value string) string {
		return `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},` + value + `}`
	}
	quantity := func(number, code string) string {
		return observation(fmt.Sprintf(`"valueQuantity":{"value":%s,"unit":"as written","system":"http://unitsofmeasure.org","code":%q}`, number, code))
	}
	in := func(number, code string) string {
		return "value-quantity=" + number + "|http://unitsofmeasure.org|" + url.QueryEscape(code)
	}
	for _, c := range []struct {
		number, code string
		rules        []rule
	}{
		// The range that the digits imply is one of the query's unit.
		{"5400", "mg", []rule{
			{in("5.4", "g"), true}, {in("5.40", "g"), true}, {in("5", "g"), true}, {in("5.41", "g"), false}, {in("0.0054", "kg"), true}, {in("5.4e6", "ug"), true}, {in("5400", "g"), false},
			{in("ne5.4", "g"), false}, {in("ne5.41", "g"), true}, {in("gt5.4", "g"), false}, {in("gt5.39", "g"), true}, {in("ge5.4", "g"), true}, {in("ge5.41", "g"), false},
			{in("lt5.4", "g"), false}, {in("lt5.41", "g"), true}, {in("le5.4", "g"), true}, {in("le5.39", "g"), false}, {in("sa5.39", "g"), true}, {in("sa5.4", "g"), false}, {in("eb5.41", "g"), true}, {in("eb5.4", "g"), false},
			{in("ap5.9", "g"), true}, {in("ap7", "g"), false}, {in("5.4", "m"), false}, {in("ne5.4", "m"), false}, {in("5.4", "[iU]"), false}, {in("5.4", "G"), false}, {in("5.4", "g{wet}"), true},
			{in("1,5.4", "g"), true}, {in("1", "g") + ",5.4|http://unitsofmeasure.org|g", true}, {"value-quantity=5.4||g", false}, {"value-quantity=5400||mg", true}, {"value-quantity=5400|http://unitsofmeasure.org|", true},
			{"value-quantity=5.4|http://unitsofmeasure.org|", false}, {"value-quantity=5.4|urn:u|g", false}, {"value-quantity=5.4", false}, {"value-quantity=5400", true},
			{"_filter=" + url.QueryEscape("value-quantity eq 5.4|http://unitsofmeasure.org|g"), true}, {"_filter=" + url.QueryEscape("value-quantity gt 5.4|http://unitsofmeasure.org|g"), false},
		}},
		{"5449.999999999999999999999", "mg", []rule{{in("5.4", "g"), true}}},
		{"5450", "mg", []rule{{in("5.4", "g"), false}, {in("5.5", "g"), true}}},
		{"37", "Cel", []rule{
			{in("98.6", "[degF]"), true}, {in("310.15", "K"), true}, {in("310.14", "K"), false}, {in("98.7", "[degF]"), false}, {in("gt98.6", "[degF]"), false}, {in("ge98.6", "[degF]"), true}, {in("le310.15", "K"), true}, {in("lt310.15", "K"), false}, {in("37", "K"), false},
		}},
		{"98.6", "[degF]", []rule{{in("37.0", "Cel"), true}, {in("37.00", "Cel"), true}, {in("ge37", "Cel"), true}, {in("gt37", "Cel"), false}, {in("sa36.99999999999999999999", "Cel"), true}}},
		{"-40", "Cel", []rule{{in("-40", "[degF]"), true}, {in("le-40", "[degF]"), true}, {in("lt-40", "[degF]"), false}}},
		// Units of one function compare among themselves; over its base they have no order.
		{"7.4", "[pH]", []rule{{in("7.4", "[pH]"), true}, {in("gt7.3", "[pH]"), true}, {in("gt0", "mol/L"), false}}},
		{"30", "dB", []rule{{in("3", "B"), true}, {in("gt2.9", "B"), true}, {in("gt1", "1"), false}}},
		{"5", "%", []rule{{in("0.05", "1"), true}, {in("0.05", "{ratio}"), true}}},
		{"5", "[iU]/L", []rule{{in("0.005", "k[iU]/L"), true}, {in("5", "[arb'U]/L"), false}}},
		// What is no unit is compared as it is written, case and all.
		{"5", "KG", []rule{{in("5", "KG"), true}, {in("5", "kg"), false}, {in("5000", "g"), false}}},
		{"5", "kg", []rule{{in("5", "KG"), false}, {in("5", "KG") + ",5000|http://unitsofmeasure.org|g", true}}},
		{"0", "g", []rule{{in("0", "kg"), true}, {in("le0", "mg"), true}, {in("gt0", "mg"), false}}},
	} {
		checkRules(t, "Observation", quantity(c.number, c.code), c.rules)
	}
	checkRules(t, "Observation", observation(`"valueQuantity":{"value":5400,"system":"urn:u","code":"mg"}`), []rule{{in("5.4", "g"), false}, {in("5400", "mg"), false}})
	checkRules(t, "Observation", observation(`"valueQuantity":{"value":5400,"comparator":"<","system":"http://unitsofmeasure.org","code":"mg"}`), []rule{
		{in("lt1", "ug"), true}, {in("gt5.3", "g"), true}, {in("gt5.4", "g"), false}, {in("eb5.5", "g"), true}, {in("eb5.4", "g"), false}, {in("5.4", "g"), false}, {in("ap1", "ug"), true},
	})
}

// TestEndlessLimits has limits without a finite decimal in the stored unit: a
// minute is a sixtieth of an hour.
func TestEndlessLimits(t *testing.T) {
	of := func(number string) string {
		return `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":` + number + `,"system":"http://unitsofmeasure.org","code":"h"}}`
	}
	in := func(number string) string { return "value-quantity=" + number + "|http://unitsofmeasure.org|min" }
	// 20 min are 0.333… h. All are one float64, and differ in the 400th place.
	thirds := "0." + strings.Repeat("3", 400)
	checkRules(t, "Observation", of(thirds), []rule{
		{in("lt20"), true}, {in("le20"), true}, {in("eb20"), true}, {in("gt20"), false}, {in("ge20"), false}, {in("sa20"), false}, {in("20"), true}, {in("20.00000"), true}, {in("ne20"), false},
	})
	checkRules(t, "Observation", of(thirds[:401]+"4"), []rule{
		{in("lt20"), false}, {in("le20"), false}, {in("eb20"), false}, {in("gt20"), true}, {in("ge20"), true}, {in("sa20"), true}, {in("20"), true},
	})
	checkRules(t, "Observation", of("-"+thirds), []rule{{in("gt-20"), true}, {in("ge-20"), true}, {in("lt-20"), false}, {in("le-20"), false}})
	checkRules(t, "Observation", of("-"+thirds[:401]+"4"), []rule{{in("gt-20"), false}, {in("ge-20"), false}, {in("lt-20"), true}, {in("le-20"), true}})
	// The same of one element out of several, which is decided by the values alone.
	component := `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"component":[{"code":{"coding":[{"code":"x"}]},"valueQuantity":{"value":%s,"system":"http://unitsofmeasure.org","code":"h"}},{"code":{"coding":[{"code":"y"}]},"valueQuantity":{"value":9}}]}`
	checkRules(t, "Observation", fmt.Sprintf(component, thirds), []rule{
		{"component-code-" + in("x$lt20"), true}, {"component-code-" + in("x$ge20"), false}, {"component-code-" + in("x$20"), true}, {"component-code-" + in("y$lt20"), false},
	})
	checkRules(t, "Observation", fmt.Sprintf(component, thirds[:401]+"4"), []rule{{"component-code-" + in("x$le20"), false}, {"component-code-" + in("x$gt20"), true}})
	// 10.5 and 9.5 min are the ends of what 10 implies: 0.175 and 0.158333… h.
	checkRules(t, "Observation", of("0.175"), []rule{{in("10"), false}, {in("11"), true}, {in("ne10"), true}})
	checkRules(t, "Observation", of("0.1583333333333333333"), []rule{{in("10"), false}, {in("ne10"), true}, {in("ap9"), true}})
	checkRules(t, "Observation", of("0.1583333333333333334"), []rule{{in("10"), true}, {in("ne10"), false}})
}

// TestUnitsCost wants a search over many units to be charged for.
func TestUnitsCost(t *testing.T) {
	s := newStore(t)
	var sources []string
	for i := range 200 {
		sources = append(sources, fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"text":"x"},"valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"%d.mg"}}`, i, i+1))
	}
	s.put(sources...)
	limited := exec.New(s.index, exec.Options{CostLimit: 50_000, Values: func(o index.Ordinal, dst []byte) ([]byte, error) { return append(dst, s.blocks[o]...), nil }})
	for query, wanted := range map[string]error{
		"value-quantity=1":                               nil,
		"value-quantity=1||7.mg":                         nil,
		"value-quantity=1|http://unitsofmeasure.org|KG":  nil,
		"value-quantity=gt0|http://unitsofmeasure.org|g": exec.ErrTooCostly,
	} {
		q, err := limited.Parse(typeOf(t, "Observation"), query, false)
		require.NoError(t, err)
		_, err = limited.Search(context.Background(), s.index.View(), q)
		require.ErrorIs(t, err, wanted, query)
	}
	_, r := s.search("Observation", "value-quantity=gt0.1|http://unitsofmeasure.org|g")
	require.Equal(t, 100, r.Total)
	_, r = s.search("Observation", "value-quantity=0.1|http://unitsofmeasure.org|g")
	require.Equal(t, 100, r.Total) // 50 mg to under 150
}
