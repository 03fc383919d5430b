package fhirpath

import (
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// boundaries are lowBoundary, highBoundary and precision, of trial use: the least and
// the greatest value for which a written value may stand (FHIRPath §5.7.12).
var boundaries = map[string]*scalar{
	"lowBoundary":  boundaryFunction(false),
	"highBoundary": boundaryFunction(true),
	"precision": {
		input: kindNumber | kindPoint, result: yields(sortInteger),
		eval: func(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
			if c := v.classOf(in); c != classNumber {
				m, ok := v.momentOf(in, c)
				return integerItem(int32(digitsOf(m))), ok, nil
			}
			_, fraction, _ := strings.Cut(v.string(in), ".")
			return integerItem(int32(len(fraction))), true, nil
		},
	},
}

// The default precision of boundaries, and the greatest.
const (
	defaultPlaces   = 8
	maxPlaces       = 31
	dateTimeDigits  = 17
	dateDigits      = 8
	timeOfDayDigits = 9
)

func boundaryFunction(high bool) *scalar {
	return &scalar{
		input: kindMeasurable | kindPoint, args: []kinds{kindNumber}, lenient: true, cost: costOfDecimal, result: shape.asValues,
		eval: func(v *Evaluator, in item, args []item, _ int) (item, bool, error) {
			digits := int64(-1)
			if len(args) > 0 {
				n, ok := v.integerOf(args[0])
				if !ok || n < 0 {
					return item{}, false, nil
				}
				digits = n
			}
			switch v.classOf(in) {
			case classTemporal, classTime:
				it, ok := v.momentBoundary(in, digits, high)
				return it, ok, nil
			case classNumber:
				text, ok := decimalBoundary(v.string(in), digits, high)
				return v.addValue(sortDecimal, value{text: text}), ok, nil
			default:
				var q quantity
				if !v.quantityOf(&q, in) {
					return item{}, false, nil
				}
				text, ok := decimalBoundary(q.number.Text('f'), digits, high)
				return v.addValue(sortQuantity, value{text: text, unit: q.unit, word: q.word}), ok, nil
			}
		},
	}
}

// decimalBoundary returns the boundary of a number with so many places. A boundary
// away from zero is rounded, one towards zero cut, as HL7's suite has it.
func decimalBoundary(text string, places int64, high bool) (string, bool) {
	if places < 0 {
		places = defaultPlaces
	}
	var d apd.Decimal
	if places > maxPlaces || !readDecimal(&d, text) {
		return "", false
	}
	half := apd.New(5, d.Exponent-1)
	if !high {
		half.Negative = true
	}
	outward := d.IsZero() || d.Negative != high
	c := *newContext(maxDigits)
	if _, err := c.Add(&d, &d, half); err != nil {
		return "", false
	}
	if !outward {
		c.Rounding = apd.RoundDown
	}
	if _, err := c.Quantize(&d, &d, -int32(places)); err != nil || d.Form != apd.Finite {
		return "", false
	}
	return d.Text('f'), true
}

// momentBoundary returns the boundary of a date or time with so many digits.
func (v *Evaluator) momentBoundary(in item, digits int64, high bool) (item, bool) {
	sort := v.typeOf(in)
	m, ok := v.momentOf(in, v.classOf(in))
	if !ok {
		return item{}, false
	}
	most := int64(dateTimeDigits)
	switch sort {
	case sortDate:
		most = dateDigits
	case sortTime:
		most = timeOfDayDigits
	}
	if digits < 0 {
		digits = most
	}
	offset := int64(0)
	if m.TimeOfDay() {
		offset = dateDigits
	}
	level, fraction := levelOfDigits(digits + offset)
	if level == levelNone || digits > most {
		return item{}, false
	}
	if high {
		m = m.filled(time.December, 31, 23, 59, 59, 999_000_000)
	} else {
		m = m.filled(time.January, 1, 0, 0, 0, 0)
	}
	if level > levelDay && !m.TimeOfDay() && !m.Zoned {
		m.Zoned, m.Offset = true, 14*60
		if high {
			m.Offset = -12 * 60
		}
	}
	m.cut(level, fraction)
	return v.addValue(sort, value{text: m.format()}), true
}

// levelOfDigits returns the level that has so many digits, and whether a fraction of
// seconds is part of it; levelNone if there is none.
func levelOfDigits(digits int64) (level int, fraction bool) {
	if digits == dateTimeDigits {
		return levelSecond, true
	}
	for level, n := range precisionDigits {
		if int64(n) == digits && level != levelNone {
			return level, false
		}
	}
	return levelNone, false
}

// filled returns the moment with its unwritten fields set.
func (m moment) filled(month time.Month, day, hour, minute, second, nanosecond int) moment {
	level := m.level()
	if !m.TimeOfDay() {
		if level < levelMonth {
			m.Month = uint8(month)
		}
		if level < levelDay {
			m.Day = uint8(min(day, fhirtime.DaysIn(int(m.Year), int(m.Month))))
		}
	}
	if level < levelHour {
		m.Hour = uint8(hour)
	}
	if level < levelMinute {
		m.Minute = uint8(minute)
	}
	if level < levelSecond {
		m.Second = uint8(second)
	}
	if m.Precision != fhirtime.Fraction {
		m.Nanoseconds, m.Digits = int32(nanosecond), 3
	}
	return m
}

// cut drops fields finer than a level.
func (m *moment) cut(level int, fraction bool) {
	m.hourOnly = level == levelHour
	switch {
	case level == levelYear:
		m.Precision = fhirtime.Year
	case level == levelMonth:
		m.Precision = fhirtime.Month
	case level == levelDay:
		m.Precision = fhirtime.Day
	case level <= levelMinute:
		m.Precision = fhirtime.Minute
	case fraction:
		m.Precision, m.Digits = fhirtime.Fraction, max(m.Digits, 3)
	default:
		m.Precision = fhirtime.Second
	}
	if level <= levelDay {
		m.Zoned, m.Offset = false, 0
	}
}
