package fhirpath

import (
	"math"

	"github.com/cockroachdb/apd/v3"
)

// mathFunctions are the functions of a number (FHIRPath N1 §5.7). A result out of the
// range of the numbers is empty.
var mathFunctions = map[string]*scalar{
	"abs":      {input: kindMeasurable, result: shape.asValues, eval: evalAbs},
	"ceiling":  {input: kindNumber, cost: costOfDecimal, result: yields(sortInteger), eval: toWhole(apd.RoundCeiling)},
	"floor":    {input: kindNumber, cost: costOfDecimal, result: yields(sortInteger), eval: toWhole(apd.RoundFloor)},
	"truncate": {input: kindNumber, cost: costOfDecimal, result: yields(sortInteger), eval: toWhole(apd.RoundDown)},
	"round":    {input: kindNumber, args: []kinds{kindNumber}, lenient: true, cost: costOfDecimal, result: yields(sortDecimal), eval: evalRound},
	"exp":      realFunction(costOfPower, exponential),
	"ln":       realFunction(costOfLogarithm, logarithm),
	"sqrt": realFunction(costOfLogarithm, func(d *apd.Decimal) bool {
		return compute(guarded.Sqrt, d)
	}),
	"log":   {input: kindNumber, args: []kinds{kindNumber}, least: 1, cost: 3 * costOfLogarithm, result: yields(sortDecimal), eval: evalLog},
	"power": {input: kindNumber, args: []kinds{kindNumber}, least: 1, cost: costOfPower, result: yieldsNumber, eval: evalPower},
}

// The costs of series, in visits.
const (
	costOfLogarithm = 1_000
	costOfPower     = 10_000
)

// yieldsNumber is the shape of an integer or a decimal.
func yieldsNumber(shape) shape { return valuesOf(sortInteger).or(valuesOf(sortDecimal)) }

// compute applies an operation of apd in place and reports whether there is a
// result.
func compute(operation func(d, x *apd.Decimal) (apd.Condition, error), d *apd.Decimal) bool {
	condition, err := operation(d, d)
	return err == nil && d.Form == apd.Finite && condition&apd.InvalidOperation == 0
}

// maxExponent bounds exp and power: e¹⁰⁰ is out of the range of decimals.
const maxExponent = 100

func exponential(d *apd.Decimal) bool {
	limit := apd.New(maxExponent, 0)
	switch {
	case d.Cmp(limit) > 0:
		return false
	case d.Cmp(limit.Neg(limit)) < 0:
		d.SetInt64(0)
		return true
	}
	return compute(guarded.Exp, d)
}

func logarithm(d *apd.Decimal) bool {
	return d.Sign() > 0 && compute(guarded.Ln, d)
}

// realFunction returns a function of a number that yields a decimal.
func realFunction(cost int, f func(d *apd.Decimal) bool) *scalar {
	return &scalar{
		input: kindNumber, cost: cost, result: yields(sortDecimal),
		eval: func(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
			var d apd.Decimal
			if !v.decimalOf(&d, in) || !f(&d) {
				return item{}, false, nil
			}
			it, ok := v.addRounded(&d)
			return it, ok, nil
		},
	}
}

// addRounded makes a decimal of a result with guard digits.
func (v *Evaluator) addRounded(d *apd.Decimal) (item, bool) {
	condition, _ := decimals.Round(d, d)
	d.Reduce(d)
	return v.addDecimal(d, condition)
}

func evalAbs(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
	if v.typeOf(in) == sortInteger {
		n, ok1 := v.integerOf(in)
		it, ok2 := addInteger(max(n, -n))
		return it, ok1 && ok2, nil
	}
	var q quantity
	if !v.quantityOf(&q, in) {
		return item{}, false, nil
	}
	q.number.Negative = false
	if v.typeOf(in) == sortQuantity {
		it, ok := v.addQuantity(&q, 0)
		return it, ok, nil
	}
	it, ok := v.addDecimal(&q.number, 0)
	return it, ok, nil
}

// toWhole returns a function that rounds to an integer.
func toWhole(rounding apd.Rounder) func(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
	return func(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
		var d apd.Decimal
		if !v.decimalOf(&d, in) {
			return item{}, false, nil
		}
		c := *newContext(maxDigits)
		c.Rounding = rounding
		if _, err := c.RoundToIntegralValue(&d, &d); err != nil {
			return item{}, false, nil
		}
		n, err := d.Int64()
		if err != nil {
			return item{}, false, nil
		}
		it, ok := addInteger(n)
		return it, ok, nil
	}
}

// evalRound rounds half away from zero.
func evalRound(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	places := int64(0)
	if len(args) > 0 {
		n, ok := v.integerOf(args[0])
		if !ok || n < 0 {
			return item{}, false, v.fail(ErrEvaluation, pos, "round takes a precision of 0 or more")
		}
		places = min(n, maxScale)
	}
	var d apd.Decimal
	if !v.decimalOf(&d, in) {
		return item{}, false, nil
	}
	if int64(d.Exponent) < -places {
		newContext(maxDigits).Quantize(&d, &d, -int32(places))
	}
	it, ok := v.addDecimal(&d, 0)
	return it, ok, nil
}

func evalLog(v *Evaluator, in item, args []item, _ int) (item, bool, error) {
	var d, base apd.Decimal
	if !v.decimalOf(&d, in) || !v.decimalOf(&base, args[0]) || !logarithm(&d) || !logarithm(&base) || base.IsZero() {
		return item{}, false, nil
	}
	guarded.Quo(&d, &d, &base)
	it, ok := v.addRounded(&d)
	return it, ok, nil
}

// evalPower yields an integer for integers if the result is one.
func evalPower(v *Evaluator, in item, args []item, _ int) (item, bool, error) {
	var base, exponent, result apd.Decimal
	if !v.decimalOf(&base, in) || !v.decimalOf(&exponent, args[0]) {
		return item{}, false, nil
	}
	x, _ := base.Float64()
	y, _ := exponent.Float64()
	if size := y * math.Log10(math.Abs(x)); size > precision || math.IsNaN(size) && !base.IsZero() {
		return item{}, false, nil
	} else if size < -maxScale {
		it, ok := v.addDecimal(&result, 0)
		return it, ok, nil
	}
	condition, err := guarded.Pow(&result, &base, &exponent)
	if err != nil || condition&(apd.InvalidOperation|apd.DivisionByZero) != 0 || result.Form != apd.Finite {
		return item{}, false, nil
	}
	if v.typeOf(in) == sortInteger && v.typeOf(args[0]) == sortInteger && exponent.Sign() >= 0 {
		n, err := result.Int64()
		if err != nil {
			return item{}, false, nil
		}
		it, ok := addInteger(n)
		return it, ok, nil
	}
	it, ok := v.addRounded(&result)
	return it, ok, nil
}
