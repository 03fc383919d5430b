package fhirpath

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// componentFunctions are the parts of a date or time, of trial use. A part that was
// not written has no value.
var componentFunctions = map[string]*scalar{
	"yearOf":   momentPart(kindTemporal, levelYear, func(m moment) int64 { return int64(m.Year) }),
	"monthOf":  momentPart(kindTemporal, levelMonth, func(m moment) int64 { return int64(m.Month) }),
	"dayOf":    momentPart(kindTemporal, levelDay, func(m moment) int64 { return int64(m.Day) }),
	"hourOf":   momentPart(kindPoint, levelHour, func(m moment) int64 { return int64(m.Hour) }),
	"minuteOf": momentPart(kindPoint, levelMinute, func(m moment) int64 { return int64(m.Minute) }),
	"secondOf": momentPart(kindPoint, levelSecond, func(m moment) int64 { return int64(m.Second) }),
	"millisecondOf": {input: kindPoint, result: yields(sortInteger), eval: func(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
		m, ok := v.momentOf(in, v.classOf(in))
		return integerItem(m.Nanoseconds / 1_000_000), ok && m.Precision == fhirtime.Fraction, nil
	}},
	"timezoneOffsetOf": {input: kindTemporal, result: yields(sortDecimal), eval: evalZone},
	"dateOf": {input: kindTemporal, result: yields(sortDate), eval: func(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
		it, ok := v.toDate(in)
		return it, ok, nil
	}},
	"timeOf": {input: kindTemporal, result: yields(sortTime), eval: evalTimeOf},
}

// momentPart returns the function of a part that a moment of the level has.
func momentPart(input kinds, level int, part func(m moment) int64) *scalar {
	return &scalar{
		input: input, result: yields(sortInteger),
		eval: func(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
			m, ok := v.momentOf(in, v.classOf(in))
			it, _ := addInteger(part(m))
			return it, ok && m.level() >= level, nil
		},
	}
}

// evalZone yields the offset from UTC in hours.
func evalZone(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
	m, ok := v.momentOf(in, classTemporal)
	if !ok || !m.Zoned {
		return item{}, false, nil
	}
	base := arithmetic{operator: "/"}
	it, ok := base.decimals(v, integerItem(int32(m.Offset)), integerItem(60))
	return it, ok, nil
}

func evalTimeOf(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
	m, ok := v.momentOf(in, classTemporal)
	if !ok || m.level() < levelHour {
		return item{}, false, nil
	}
	m.Zoned = false
	_, clock, _ := strings.Cut(m.format(), "T")
	return v.addValue(sortTime, value{text: clock}), true, nil
}
