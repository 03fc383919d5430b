package fhirpath

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/ucum"
)

// A converter converts an item to one type; ok is false if it cannot.
type converter func(v *Evaluator, in item) (it item, ok bool)

// conversions are the functions to… and convertsTo… (FHIRPath N1 §5.5).
var conversions = conversionFunctions()

func conversionFunctions() map[string]*scalar {
	table := map[string]*scalar{}
	for _, c := range []struct {
		name    string
		sort    itemSort
		convert converter
	}{
		{"Boolean", sortBoolean, (*Evaluator).toBoolean},
		{"Integer", sortInteger, (*Evaluator).toInteger},
		{"Decimal", sortDecimal, (*Evaluator).toDecimal},
		{"String", sortString, (*Evaluator).toString},
		{"Date", sortDate, (*Evaluator).toDate},
		{"DateTime", sortDateTime, (*Evaluator).toDateTime},
		{"Time", sortTime, (*Evaluator).toTime},
		{"Quantity", sortQuantity, (*Evaluator).toQuantity},
	} {
		var args []kinds
		if c.sort == sortQuantity {
			args = []kinds{kindString} // a unit to convert to
		}
		convert := func(v *Evaluator, in item, args []item) (item, bool) {
			it, ok := c.convert(v, in)
			if ok && len(args) > 0 {
				return v.inUnit(it, v.string(args[0]))
			}
			return it, ok
		}
		table["to"+c.name] = &scalar{
			input: kindAny, args: args, result: yields(c.sort),
			eval: func(v *Evaluator, in item, args []item, _ int) (item, bool, error) {
				it, ok := convert(v, in, args)
				return it, ok, nil
			},
		}
		table["convertsTo"+c.name] = &scalar{
			input: kindAny, args: args, result: yields(sortBoolean),
			eval: func(v *Evaluator, in item, args []item, _ int) (item, bool, error) {
				_, ok := convert(v, in, args)
				return booleanItem(ok), true, nil
			},
		}
	}
	return table
}

// truths are the texts that are a boolean, in lower case.
var truths = map[string]bool{
	"true": true, "t": true, "yes": true, "y": true, "1": true, "1.0": true,
	"false": false, "f": false, "no": false, "n": false, "0": false, "0.0": false,
}

func (v *Evaluator) toBoolean(in item) (item, bool) {
	switch v.typeOf(in) {
	case sortBoolean:
		return booleanItem(v.truthOf(in)), true
	case sortString:
		b, ok := truths[strings.ToLower(v.string(in))]
		return booleanItem(b), ok
	case sortInteger, sortDecimal:
		text := v.string(in)
		for _, c := range [...]struct {
			number string
			is     bool
		}{{"1", true}, {"0", false}} {
			if order, ok := compareNumbers([]byte(text), []byte(c.number)); ok && order == 0 {
				return booleanItem(c.is), true
			}
		}
	}
	return item{}, false
}

func (v *Evaluator) toInteger(in item) (item, bool) {
	switch v.typeOf(in) {
	case sortInteger:
		n, ok := v.integerOf(in)
		it, fits := addInteger(n)
		return it, ok && fits
	case sortBoolean:
		return integerItem(int32(booleanItem(v.truthOf(in)).ref)), true
	case sortString:
		n, err := strconv.ParseInt(v.string(in), 10, 32)
		return integerItem(int32(n)), err == nil
	default:
		return item{}, false
	}
}

func (v *Evaluator) toDecimal(in item) (item, bool) {
	var text string
	switch v.typeOf(in) {
	case sortInteger, sortDecimal:
		text = v.string(in)
	case sortBoolean:
		text = "0.0"
		if v.truthOf(in) {
			text = "1.0"
		}
	case sortString:
		if text = v.string(in); !isDecimal(text) {
			return item{}, false
		}
		text = plainDecimal(text)
	default:
		return item{}, false
	}
	return v.addValue(sortDecimal, value{text: text}), true
}

func (v *Evaluator) toString(in item) (item, bool) {
	var text string
	switch sort := v.typeOf(in); sort {
	case sortNothing, sortType:
		return item{}, false
	case sortQuantity:
		it, ok := v.toQuantity(in)
		if !ok {
			return item{}, false
		}
		text = formatQuantity(v.value(it))
	default:
		text = v.string(in)
	}
	return v.addValue(sortString, value{text: text}), true
}

func (v *Evaluator) toDate(in item) (item, bool) {
	switch v.typeOf(in) {
	case sortDate, sortDateTime, sortString:
		text := v.string(in)
		if date, _, timed := strings.Cut(text, "T"); timed {
			if _, ok := parseDateTime(text); !ok {
				return item{}, false
			}
			text = date
		}
		_, ok := parseDate(text)
		return v.addValue(sortDate, value{text: text}), ok
	default:
		return item{}, false
	}
}

func (v *Evaluator) toDateTime(in item) (item, bool) {
	switch v.typeOf(in) {
	case sortDate, sortDateTime, sortString:
		text := strings.TrimSuffix(v.string(in), "T")
		_, ok := parseDateTime(text)
		return v.addValue(sortDateTime, value{text: text}), ok
	default:
		return item{}, false
	}
}

func (v *Evaluator) toTime(in item) (item, bool) {
	switch v.typeOf(in) {
	case sortTime, sortString:
		text := strings.TrimPrefix(v.string(in), "T")
		_, ok := parseTime(text)
		return v.addValue(sortTime, value{text: text}), ok
	default:
		return item{}, false
	}
}

// quantityForm is the text of a quantity (FHIRPath N1 §5.5.7).
var quantityForm = regexp.MustCompile(`^([+-]?[0-9]+(?:\.[0-9]+)?)\s*(?:'([^']+)'|([a-zA-Z]+))?$`)

func (v *Evaluator) toQuantity(in item) (item, bool) {
	x := value{unit: "1"}
	switch v.typeOf(in) {
	case sortInteger, sortDecimal:
		x.text = v.string(in)
	case sortBoolean:
		it, _ := v.toDecimal(in)
		x.text = v.string(it)
	case sortQuantity:
		var q quantity
		if !v.quantityOf(&q, in) {
			return item{}, false
		}
		return v.addQuantity(&q, 0)
	case sortString:
		parts := quantityForm.FindStringSubmatch(v.string(in))
		if parts == nil || parts[3] != "" && !syntax.IsUnit(parts[3]) {
			return item{}, false
		}
		x.text = plainDecimal(parts[1])
		switch {
		case parts[2] != "":
			x.unit = parts[2]
		case parts[3] != "":
			x.unit, x.word = parts[3], true
		}
	default:
		return item{}, false
	}
	return v.addValue(sortQuantity, x), true
}

// inUnit converts a quantity to another unit.
func (v *Evaluator) inUnit(it item, unit string) (item, bool) {
	var q quantity
	if !v.quantityOf(&q, it) {
		return item{}, false
	}
	if q.unit == unit {
		return it, true
	}
	to := quantity{unit: unit, word: syntax.IsUnit(unit)}
	fromMonths, toMonths := q.scale(), to.word && (&quantity{unit: unit, word: true}).scale()
	if fromMonths || toMonths {
		if fromMonths != toMonths {
			return item{}, false
		}
		if strings.HasPrefix(unit, "year") {
			decimals.Quo(&q.number, &q.number, apd.New(12, 0))
		}
	} else {
		code := unit
		if to.word {
			code = codeOfWord(unit)
		}
		from, err1 := v.unit(q.unit)
		into, err2 := v.unit(code)
		if err1 != nil || err2 != nil || ucum.Convert(&q.number, &q.number, from, into) != nil {
			return item{}, false
		}
	}
	q.number.Reduce(&q.number)
	to.number.Set(&q.number)
	return v.addQuantity(&to, 0)
}

// clock is now, today or timeOfDay: they yield the same during an evaluation.
type clock struct {
	position
	sort itemSort
}

// clockForms are the layouts of package time for them.
var clockForms = map[itemSort]string{
	sortDate: "2006-01-02", sortDateTime: "2006-01-02T15:04:05.000Z07:00", sortTime: "15:04:05.000",
}

func (o *clock) eval(v *Evaluator, _ item) error {
	v.push(v.addValue(o.sort, value{text: v.time().Format(clockForms[o.sort])}))
	return nil
}

// precisionDigits is how many digits of a date or time its level has.
var precisionDigits = [...]int{levelYear: 4, levelMonth: 6, levelDay: 8, levelHour: 10, levelMinute: 12, levelSecond: 14}

// digitsOf returns the precision of a moment as boundaries count it: digits,
// milliseconds as three.
func digitsOf(m moment) int {
	digits := precisionDigits[m.level()]
	if m.TimeOfDay() {
		digits -= precisionDigits[levelDay]
	}
	if m.Precision == fhirtime.Fraction {
		digits += 3
	}
	return digits
}
