package rest

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/quote"
)

// A statistic is a code of http://terminology.hl7.org/CodeSystem/observation-statistics.
type statistic struct {
	code, display string
	// of returns the value of at least one measurement, in ascending order. It is not ok
	// if there are too few.
	of   func(sorted []*big.Rat) (value *big.Rat, ok bool)
	unit string // "" is that of the measurements, "1" is none, "2" is its square
}

// statistics are all but count, total-count and regression, which are no function of the
// values alone. Quantiles lie between the values next to them. Variance is that of a
// sample; skew and kurtosis are the moments of the measurements themselves.
var statistics = []statistic{
	{"average", "Average", mean, ""},
	{"maximum", "Maximum", func(v []*big.Rat) (*big.Rat, bool) { return v[len(v)-1], true }, ""},
	{"minimum", "Minimum", func(v []*big.Rat) (*big.Rat, bool) { return v[0], true }, ""},
	{"count", "Count", nil, ""},
	{"total-count", "Total Count", nil, ""},
	{"median", "Median", quantile(1, 2), ""},
	{"std-dev", "Standard Deviation", deviation, ""},
	{"sum", "Sum", func(v []*big.Rat) (*big.Rat, bool) { return sum(v), true }, ""},
	{"variance", "Variance", variance, "2"},
	{"20-percent", "20th Percentile", quantile(1, 5), ""},
	{"80-percent", "80th Percentile", quantile(4, 5), ""},
	{"4-lower", "Lower Quartile", quantile(1, 4), ""},
	{"4-upper", "Upper Quartile", quantile(3, 4), ""},
	{"4-dev", "Quartile Deviation", func(v []*big.Rat) (*big.Rat, bool) {
		low, _ := quantile(1, 4)(v)
		high, _ := quantile(3, 4)(v)
		return new(big.Rat).Quo(new(big.Rat).Sub(high, low), big.NewRat(2, 1)), true
	}, ""},
	{"5-1", "1st Quintile", quantile(1, 5), ""},
	{"5-2", "2nd Quintile", quantile(2, 5), ""},
	{"5-3", "3rd Quintile", quantile(3, 5), ""},
	{"5-4", "4th Quintile", quantile(4, 5), ""},
	{"skew", "Skew", func(v []*big.Rat) (*big.Rat, bool) { return moment(v, 3) }, "1"},
	{"kurtosis", "Kurtosis", func(v []*big.Rat) (*big.Rat, bool) { return moment(v, 4) }, "1"},
	{"regression", "Regression", nil, ""},
}

func statisticOf(code string) (statistic, bool) {
	i := slices.IndexFunc(statistics, func(s statistic) bool { return s.code == code })
	if i < 0 {
		return statistic{}, false
	}
	return statistics[i], true
}

// append appends the components of an answer that tell the statistic.
func (st *statistic) append(dst []byte, s *series) []byte {
	sorted := make([]*big.Rat, len(s.values))
	for i, m := range s.values {
		sorted[i] = m.value
	}
	slices.SortFunc(sorted, (*big.Rat).Cmp)
	switch st.code {
	case "count":
		return append(strconv.AppendInt(append(st.begin(dst, ""), `,"valueInteger":`...), int64(len(sorted)), 10), '}')
	case "total-count":
		return append(strconv.AppendInt(append(st.begin(dst, ""), `,"valueInteger":`...), int64(s.total), 10), '}')
	case "regression":
		gradient, intercept, ok := regression(s.values)
		dst = st.value(st.begin(dst, "gradient"), s, gradient, ok, "/d")
		return st.value(st.begin(append(dst, ','), "intercept"), s, intercept, ok, "")
	}
	if len(sorted) == 0 {
		return st.value(st.begin(dst, ""), s, nil, false, "")
	}
	value, ok := st.of(sorted)
	return st.value(st.begin(dst, ""), s, value, ok, st.unit)
}

// begin appends the code of a component, with a text if one statistic has several.
func (st *statistic) begin(dst []byte, text string) []byte {
	dst = append(dst, `{"code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-statistics","code":"`+st.code+`","display":"`+st.display+`"}]`...)
	if text != "" {
		dst = append(dst, `,"text":"`+text+`"`...)
	}
	return append(dst, '}')
}

// value appends the value of a component and ends it.
func (st *statistic) value(dst []byte, s *series, value *big.Rat, ok bool, unit string) []byte {
	if !ok || s.unit == nil {
		return append(dst, `,"dataAbsentReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"not-applicable"}]}}`...)
	}
	code, name := s.unit.Code(), s.name
	switch unit {
	case "1":
		code, name = "1", ""
	case "2":
		code, name = "("+code+")2", ""
	case "/d":
		code, name = "("+code+")/d", ""
	}
	dst = append(append(dst, `,"valueQuantity":{"value":`...), number(value)...)
	if name != "" {
		dst = quote.Append(append(dst, `,"unit":`...), name)
	}
	dst = quote.Append(append(dst, `,"system":"`+ucumSystem+`","code":`...), code)
	return append(dst, "}}"...)
}

// number writes a number with at most ten digits behind the point.
func number(r *big.Rat) string {
	text := r.FloatString(10)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" || text == "" {
		return "0"
	}
	return text
}

func sum(values []*big.Rat) *big.Rat {
	total := new(big.Rat)
	for _, v := range values {
		total.Add(total, v)
	}
	return total
}

func mean(values []*big.Rat) (*big.Rat, bool) {
	return new(big.Rat).Quo(sum(values), big.NewRat(int64(len(values)), 1)), true
}

// quantile returns the function for the quantile of p/q.
func quantile(p, q int64) func([]*big.Rat) (*big.Rat, bool) {
	return func(v []*big.Rat) (*big.Rat, bool) {
		at := big.NewRat(p*int64(len(v)-1), q)
		low := int(new(big.Int).Quo(at.Num(), at.Denom()).Int64())
		part := new(big.Rat).Sub(at, big.NewRat(int64(low), 1))
		if low+1 >= len(v) {
			return v[low], true
		}
		step := new(big.Rat).Sub(v[low+1], v[low])
		return step.Add(v[low], step.Mul(step, part)), true
	}
}

func variance(v []*big.Rat) (*big.Rat, bool) {
	if len(v) < 2 {
		return nil, false
	}
	m, _ := mean(v)
	total := new(big.Rat)
	for _, x := range v {
		d := new(big.Rat).Sub(x, m)
		total.Add(total, d.Mul(d, d))
	}
	return total.Quo(total, big.NewRat(int64(len(v)-1), 1)), true
}

func deviation(v []*big.Rat) (*big.Rat, bool) {
	square, ok := variance(v)
	if !ok {
		return nil, false
	}
	f, _ := square.Float64()
	return new(big.Rat).SetFloat64(math.Sqrt(f)), true
}

// moment returns the standardised central moment of an order.
func moment(v []*big.Rat, order float64) (*big.Rat, bool) {
	m, _ := mean(v)
	second, wanted := 0.0, 0.0
	for _, x := range v {
		d, _ := new(big.Rat).Sub(x, m).Float64()
		second += d * d
		wanted += math.Pow(d, order)
	}
	n := float64(len(v))
	r := new(big.Rat).SetFloat64((wanted / n) / math.Pow(second/n, order/2))
	return r, r != nil
}

// regression returns the line that is closest to the measurements, over days since the
// first one.
func regression(values []measurement) (gradient, intercept *big.Rat, ok bool) {
	var x, y []float64
	var first time.Time
	for _, m := range values {
		if m.at.IsZero() {
			continue
		}
		if first.IsZero() {
			first = m.at
		}
		f, _ := m.value.Float64()
		x, y = append(x, m.at.Sub(first).Hours()/24), append(y, f)
	}
	if len(x) < 2 {
		return nil, nil, false
	}
	var sx, sy, sxx, sxy float64
	for i := range x {
		sx, sy = sx+x[i], sy+y[i]
	}
	mx, my := sx/float64(len(x)), sy/float64(len(y))
	for i := range x {
		sxx, sxy = sxx+(x[i]-mx)*(x[i]-mx), sxy+(x[i]-mx)*(y[i]-my)
	}
	gradient = new(big.Rat).SetFloat64(sxy / sxx)
	intercept = new(big.Rat).SetFloat64(my - sxy/sxx*mx)
	return gradient, intercept, gradient != nil && intercept != nil
}
