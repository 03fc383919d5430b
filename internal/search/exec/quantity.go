package exec

import (
	"math/big"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/internal/ucum"
)

// numberQuery returns the query to a column that finds the numbers of a stream that fit
// a value.
func (ev *evaluation) numberQuery(v *query.Value, s *param.Stream) index.NumberQuery {
	if v.Unit == query.UnitAny {
		return index.NumberQuery{Windows: numberWindows(v.Prefix, v.Number, s.Integer()), Values: ev.payloadsOf(s)}
	}
	return index.NumberQuery{Values: ev.payloadsOf(s), InUnit: func(system, code, unit string) ([]index.NumberWindow, error) {
		return ev.windowsIn(v, s, system, code, unit), ev.charge(0)
	}}
}

// windowsIn returns the conditions on stored numbers in a unit for a number or quantity
// of a query, with limits in that unit; none if the unit does not count. Codes and
// units are compared as they are written, and units of UCUM by their meaning as well
// (FHIR R4 §3.1.1.4.11).
func (ev *evaluation) windowsIn(v *query.Value, s *param.Stream, system, code, unit string) []index.NumberWindow {
	switch v.Unit {
	case query.UnitCode:
		if code != v.Code && unit != v.Code {
			return nil
		}
	case query.UnitSystem:
		switch {
		case system != v.System:
			return nil
		case v.Code != "" && code != v.Code:
			return ev.converted(v, code)
		}
	}
	return numberWindows(v.Prefix, v.Number, s.Integer())
}

// A conversionKey is a quantity of a query and the UCUM code of a stored one.
type conversionKey struct {
	quantity *query.Value
	code     string
}

// maxConversions bounds how many conversions an evaluation remembers.
const maxConversions = 1 << 12

// converted returns the conditions on stored numbers of a UCUM code other than the
// query's; none if either is no unit or they do not compare. The next charge counts its
// cost.
func (ev *evaluation) converted(v *query.Value, code string) []index.NumberWindow {
	if v.Measure == nil {
		return nil
	}
	windows, known := ev.conversions[conversionKey{v, code}]
	if known {
		return windows
	}
	ev.left -= costOfUnit
	u, err := ev.units.Parse(code)
	if err != nil {
		return nil // not remembered: it may be long
	}
	if factor, offset, ok := ucum.Linear(v.Measure, u); ok {
		ev.left -= costOfConversion
		windows = numberWindows(v.Prefix, v.Number, false)
		for i := range windows {
			windows[i] = convertWindow(&windows[i], factor, offset)
		}
	}
	if ev.conversions == nil || len(ev.conversions) == maxConversions {
		ev.conversions = make(map[conversionKey][]index.NumberWindow)
	}
	ev.conversions[conversionKey{v, u.Code()}] = windows
	return windows
}

// convertWindow returns w for another unit: each limit x becomes factor × x + offset.
func convertWindow(w *index.NumberWindow, factor, offset *big.Rat) index.NumberWindow {
	lower := func(l index.Limit) index.Limit {
		exact := convertLimit(&l, factor, offset)
		l.Excluded = l.Excluded || !exact
		return l
	}
	upper := func(l index.Limit) index.Limit {
		exact := convertLimit(&l, factor, offset)
		l.Excluded = l.Excluded && exact
		return l
	}
	return index.NumberWindow{LowMin: lower(w.LowMin), LowMax: upper(w.LowMax), HighMin: lower(w.HighMin), HighMax: upper(w.HighMax)}
}

// endlessPlaces is how many decimal places are kept of a limit with endless places,
// such as a third: as many as a number of a query may have.
const endlessPlaces = param.MaxExponent

// convertLimit converts the value of a limit. It reports false for a limit with endless
// decimals, and then rounds it down to endlessPlaces.
//
// Such a limit lies between the rounded value t and the next decimal of so many places,
// and equals neither. So a stored decimal x of up to endlessPlaces places is above the
// limit if x > t, and below it if x ≤ t: a lower limit is t excluded, an upper limit t
// included, and no comparison is wrong. The comparison with a longer decimal is wrong
// only if it lies between t and the limit.
func convertLimit(l *index.Limit, factor, offset *big.Rat) (exact bool) {
	x, ok := new(big.Rat).SetString(l.Value)
	if !ok { // no limit
		return true
	}
	x.Add(x.Mul(x, factor), offset)
	places, exact := x.FloatPrec()
	if exact {
		l.Value = x.FloatString(places)
		return true
	}
	t := new(big.Int).Exp(big.NewInt(10), big.NewInt(endlessPlaces), nil)
	t.Mul(t, x.Num()).Div(t, x.Denom()) // rounds down: the denominator is positive
	l.Value = t.String() + "e-" + strconv.Itoa(endlessPlaces)
	return false
}
