package exec_test

import (
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// An outcome says, by prefix, which of some resources a value finds.
type outcome map[string][]string

// outcomes asks for a value with every prefix.
func (s *store) outcomes(typ, param, value string) outcome {
	o := outcome{}
	for _, prefix := range []string{"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"} {
		o[prefix] = s.all(typ, param+"="+prefix+url.QueryEscape(value))
	}
	o[""] = s.all(typ, param+"="+url.QueryEscape(value))
	return o
}

// has reports whether a prefix finds a resource.
func (o outcome) has(prefix, id string) bool { return slices.Contains(o[prefix], id) }

// requireLaws wants what the table of prefixes implies for one value of one resource,
// whatever the value (FHIR R4 §3.1.1.4.5). contained says that the value is within
// what gt and lt leave out.
func (o outcome) requireLaws(t *rapid.T, id, what string, contained bool) {
	has := func(prefix string) bool { return o.has(prefix, id) }
	require.Equal(t, has("eq"), has(""), "no prefix is eq: %s", what)
	require.Equal(t, has("eq"), !has("ne"), "ne is not eq: %s", what)
	require.Equal(t, has("gt") || contained, has("ge"), "ge is gt or contained: %s", what)
	require.Equal(t, has("lt") || contained, has("le"), "le is lt or contained: %s", what)
	require.False(t, has("sa") && has("eb"), "sa and eb exclude each other: %s", what)
	require.True(t, !has("sa") || has("gt") && !has("lt"), "sa is gt alone: %s", what)
	require.True(t, !has("eb") || has("lt") && !has("gt"), "eb is lt alone: %s", what)
	require.True(t, contained || has("gt") || has("lt"), "what is neither above nor below is contained: %s", what)
	require.True(t, !has("eq") || has("ap"), "ap has eq: %s", what)
}

// anyDate draws a date of any precision, in any zone. Queries may leave out seconds
// and zone.
func anyDate(t *rapid.T, query bool) string {
	n := func(label string, low, high int) int { return rapid.IntRange(low, high).Draw(t, label) }
	year := rapid.SampledFrom([]int{1, 1582, 1899, 1969, 1970, 2019, 2020, 2020, 2024, 9999}).Draw(t, "year")
	text := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d", year, n("month", 1, 12), n("day", 1, 28), n("hour", 0, 23), n("minute", 0, 59))
	precision := n("precision", 0, 5)
	if short := []int{4, 7, 10}; precision < 3 {
		return text[:short[precision]]
	}
	if precision > 3 || !query {
		text += fmt.Sprintf(":%02d", n("second", 0, 59))
	}
	if precision == 5 {
		text += "." + fmt.Sprintf("%09d", n("fraction", 0, 999_999_999))[:n("digits", 1, 9)]
	}
	zones := []string{"Z", "+00:00", "-00:00", "+05:30", "-12:00", "+14:00", ""}
	if !query {
		zones = zones[:6]
	}
	return text + rapid.SampledFrom(zones).Draw(t, "zone")
}

func TestLawsOfDates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t)
		var values []string
		for i := range rapid.IntRange(1, 6).Draw(t, "values") {
			value := `"effectiveDateTime":"` + anyDate(t, false) + `"`
			switch rapid.IntRange(0, 4).Draw(t, "form") {
			case 0:
				value = `"effectivePeriod":{"start":"` + anyDate(t, false) + `"}`
			case 1:
				value = `"effectivePeriod":{"end":"` + anyDate(t, false) + `"}`
			case 2:
				value = `"effectivePeriod":{"start":"` + anyDate(t, false) + `","end":"` + anyDate(t, false) + `"}`
			case 3:
				value = `"effectiveTiming":{"event":["` + anyDate(t, false) + `","` + anyDate(t, false) + `"]}`
			}
			s.put(fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"text":"x"},%s}`, i, value))
			values = append(values, value)
		}
		asked := anyDate(t, true)
		o := s.outcomes("Observation", "date", asked)
		overlapping := s.all("Observation", "_filter="+url.QueryEscape("date po "+asked))
		for i, value := range values {
			id, what := fmt.Sprint(i), asked+" of "+value
			o.requireLaws(t, id, what, o.has("eq", id))
			require.False(t, o.has("eq", id) && (o.has("sa", id) || o.has("eb", id)), "eq excludes sa and eb: %s", what)
			require.Equal(t, !o.has("sa", id) && !o.has("eb", id), slices.Contains(overlapping, id), "what neither starts after nor ends before overlaps: %s", what)
		}
	})
}

// anyDecimal draws a decimal of any shape, or one near to another.
func anyDecimal(t *rapid.T, near []string) string {
	if len(near) > 0 && rapid.Bool().Draw(t, "near") {
		other := rapid.SampledFrom(near).Draw(t, "other")
		mantissa, exponent, hasExponent := strings.Cut(other, "e")
		if point := strings.Contains(mantissa, "."); point && rapid.Bool().Draw(t, "longer") {
			mantissa += rapid.SampledFrom([]string{"0", "1", "000000000000000000001"}).Draw(t, "tail")
		} else if last := len(mantissa) - 1; rapid.Bool().Draw(t, "other digit") {
			mantissa = mantissa[:last] + fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "digit"))
		}
		if hasExponent {
			mantissa += "e" + exponent
		}
		return mantissa
	}
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?`).Draw(t, "decimal")
	if rapid.IntRange(0, 2).Draw(t, "exponent") == 0 {
		number += fmt.Sprint("e", rapid.IntRange(-370, 370).Draw(t, "e"))
	}
	return number
}

// askedDecimal draws a decimal that queries take: its last digit is no smaller than 1e-400.
func askedDecimal(t *rapid.T, near []string) string {
	number := anyDecimal(t, near)
	mantissa, exponent, _ := strings.Cut(number, "e")
	_, fraction, _ := strings.Cut(mantissa, ".")
	if e, _ := strconv.Atoi(exponent); len(fraction)-e > 400 {
		t.Skip("the limit of queries")
	}
	return number
}

func exactly(text string) *big.Rat {
	r, _ := new(big.Rat).SetString(text)
	return r
}

func TestLawsOfNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t)
		var values []string
		for i := range rapid.IntRange(1, 6).Draw(t, "values") {
			value := anyDecimal(t, values)
			s.put(fmt.Sprintf(`{"resourceType":"RiskAssessment","id":"%d","status":"final","subject":{"reference":"Patient/1"},"prediction":[{"probabilityDecimal":%s}]}`, i, value),
				fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"text":"x"},"valueQuantity":{"value":%s}}`, i, value))
			values = append(values, value)
		}
		asked := askedDecimal(t, values)
		for _, o := range []outcome{s.outcomes("RiskAssessment", "probability", asked), s.outcomes("Observation", "value-quantity", asked)} {
			for i, value := range values {
				id, what, order := fmt.Sprint(i), asked+" of "+value, exactly(value).Cmp(exactly(asked))
				o.requireLaws(t, id, what, order == 0)
				require.Equal(t, order > 0, o.has("gt", id), "gt: %s", what)
				require.Equal(t, order < 0, o.has("lt", id), "lt: %s", what)
				require.Equal(t, order > 0, o.has("sa", id), "sa is gt: %s", what)
				require.Equal(t, order < 0, o.has("eb", id), "eb is lt: %s", what)
				require.True(t, order != 0 || o.has("eq", id), "what is equal is in the range of the digits: %s", what)
			}
		}
	})
}

// Ranges of numbers: Range, and quantities with a comparator.
func TestLawsOfRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t)
		var numbers, values []string
		draw := func() string {
			number := anyDecimal(t, numbers)
			numbers = append(numbers, number)
			return number
		}
		for i := range rapid.IntRange(1, 5).Draw(t, "values") {
			low, high := draw(), draw()
			if exactly(low).Cmp(exactly(high)) > 0 {
				low, high = high, low
			}
			value := `"onsetRange":{"low":{"value":` + low + `},"high":{"value":` + high + `}}`
			switch rapid.IntRange(0, 3).Draw(t, "form") {
			case 0:
				value = `"onsetRange":{"low":{"value":` + low + `}}`
			case 1:
				value = `"onsetRange":{"high":{"value":` + high + `}}`
			case 2:
				value = `"onsetAge":{"value":` + low + `,"comparator":"` + rapid.SampledFrom([]string{"<", "<=", ">=", ">"}).Draw(t, "comparator") + `"}`
			}
			s.put(fmt.Sprintf(`{"resourceType":"Condition","id":"%d","subject":{"reference":"Patient/1"},%s}`, i, value))
			values = append(values, value)
		}
		asked := askedDecimal(t, numbers)
		o := s.outcomes("Condition", "onset-age", asked)
		for i, value := range values {
			id := fmt.Sprint(i)
			o.requireLaws(t, id, asked+" of "+value, o.has("ge", id) && o.has("le", id) && !o.has("gt", id) && !o.has("lt", id))
		}
	})
}

// An integer is exact, and so is a query's number without an exponent.
func TestLawsOfIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t)
		value := rapid.IntRange(-120, 120).Draw(t, "value")
		s.put(fmt.Sprintf(`{"resourceType":"MolecularSequence","id":"m","coordinateSystem":0,"variant":[{"start":%d}]}`, value))
		asked := fmt.Sprint(rapid.IntRange(-120, 120).Draw(t, "asked")) + rapid.SampledFrom([]string{"", ".0", ".5", ".00000000000000000001"}).Draw(t, "fraction")
		order := exactly(fmt.Sprint(value)).Cmp(exactly(asked))
		o := s.outcomes("MolecularSequence", "variant-start", asked)
		o.requireLaws(t, "m", fmt.Sprint(asked, " of ", value), order == 0)
		require.Equal(t, order == 0, o.has("eq", "m"), "%s of %d", asked, value)
		require.Equal(t, order > 0, o.has("gt", "m"), "%s of %d", asked, value)
		require.Equal(t, order < 0, o.has("lt", "m"), "%s of %d", asked, value)
	})
}

// A number beyond the limits of queries is told as such.
func TestNumbersBeyondTheLimits(t *testing.T) {
	s := newStore(t)
	for text, reason := range map[string]string{
		"1e401": "beyond the limits", "1e-401": "beyond the limits", "0.0000000000000000000000000000001e-370": "beyond the limits", "1e99999999999999999999": "beyond the limits",
		strings.Repeat("9", 401): "beyond the limits", "x": "not a number", "1e": "not a number", "NaN": "not a number", "1_0": "not a number", "--1": "not a number",
	} {
		for _, query := range []string{"probability=" + text, "probability=gt" + text} {
			_, err := s.engine.Parse(schema.TypeRiskAssessment, query, false)
			require.ErrorContains(t, err, reason, text)
		}
	}
	for _, text := range []string{"1e400", "1e-400", strings.Repeat("9", 400)} {
		_, err := s.engine.Parse(schema.TypeRiskAssessment, "probability="+text, false)
		require.NoError(t, err, text)
	}
}
