package fhirpath

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/decimal"
	"github.com/fhirlake/fhirlake/internal/ucum"
)

// arithmetic is + - * / div mod and &: an operator of two items.
type arithmetic struct {
	position
	left, right operation
	operator    string
}

// negative is - before an expression; + is the expression itself, of numbers.
type negative struct {
	position
	operand operation
	minus   bool
}

func (o *arithmetic) eval(v *Evaluator, focus item) error {
	a, aOK, err := v.one(o.left, focus)
	if err != nil {
		return err
	}
	b, bOK, err := v.one(o.right, focus)
	if err != nil {
		return err
	}
	if err := v.visit(costOfOperator, o.Pos()); err != nil {
		return err
	}
	if o.operator == "&" {
		return o.concatenate(v, a, b, aOK, bOK)
	}
	if !aOK || !bOK {
		return nil
	}
	it, ok, err := o.apply(v, a, b)
	if ok {
		v.push(it)
	}
	return err
}

// one evaluates an operation that may yield one item at most. A primitive without a
// value counts as nothing.
func (v *Evaluator) one(o operation, focus item) (it item, ok bool, err error) {
	base := len(v.stack)
	if err := o.eval(v, focus); err != nil {
		return item{}, false, err
	}
	return v.popOne(base, o.Pos())
}

// popOne takes the items above base off the stack: one item or none.
func (v *Evaluator) popOne(base, pos int) (it item, ok bool, err error) {
	items := v.stack[base:]
	v.stack = v.stack[:base]
	switch {
	case len(items) == 0:
		return item{}, false, nil
	case len(items) > 1:
		return item{}, false, v.fail(ErrEvaluation, pos, "several items where one is needed")
	default:
		return items[0], v.classOf(items[0]) != classNone, nil
	}
}

// concatenate is &, which takes an empty operand for the empty text (FHIRPath N1
// §6.6.6).
func (o *arithmetic) concatenate(v *Evaluator, a, b item, aOK, bOK bool) error {
	if aOK && v.classOf(a) != classString || bOK && v.classOf(b) != classString {
		return v.fail(ErrEvaluation, o.Pos(), "& needs strings")
	}
	var left, right string
	if aOK {
		left = v.string(a)
	}
	if bOK {
		right = v.string(b)
	}
	return v.pushJoined(left, right, o.Pos())
}

func (v *Evaluator) pushJoined(left, right string, pos int) error {
	if err := v.room(len(left)+len(right), pos); err != nil {
		return err
	}
	v.push(v.addValue(sortString, value{text: left + right}))
	return nil
}

// apply computes the result for two items.
func (o *arithmetic) apply(v *Evaluator, a, b item) (it item, ok bool, err error) {
	c, d := v.typeOf(a), v.typeOf(b)
	aNumber, bNumber := c == sortInteger || c == sortDecimal, d == sortInteger || d == sortDecimal
	switch {
	case c == sortInteger && d == sortInteger && o.operator != "/":
		it, ok = o.integers(v, a, b)
	case aNumber && bNumber:
		it, ok = o.decimals(v, a, b)
	case (c == sortQuantity || aNumber) && (d == sortQuantity || bNumber):
		return o.quantities(v, a, b)
	case c == sortString && d == sortString && o.operator == "+":
		base := len(v.stack)
		if err := v.pushJoined(v.string(a), v.string(b), o.Pos()); err != nil {
			return item{}, false, err
		}
		return v.popOne(base, o.Pos())
	case (c == sortDate || c == sortDateTime || c == sortTime) && d == sortQuantity && (o.operator == "+" || o.operator == "-"):
		return o.moments(v, a, b, c)
	default:
		return item{}, false, v.fail(ErrEvaluation, o.Pos(), o.operator+" does not take items of these types")
	}
	return it, ok, nil
}

// integers computes with 32 bits; an overflow and a division by zero have no result.
func (o *arithmetic) integers(v *Evaluator, a, b item) (item, bool) {
	x, ok1 := v.integerOf(a)
	y, ok2 := v.integerOf(b)
	if !ok1 || !ok2 {
		return item{}, false
	}
	switch o.operator {
	case "+":
		return addInteger(x + y)
	case "-":
		return addInteger(x - y)
	case "*":
		return addInteger(x * y)
	}
	if y == 0 {
		return item{}, false
	}
	if o.operator == "div" {
		return addInteger(x / y)
	}
	return addInteger(x % y)
}

// maxInteger is the greatest integer, its sign aside, that operations look at: 10 digits.
const maxInteger = 1e10 - 1

// integerOf returns the value of an integer.
func (v *Evaluator) integerOf(it item) (int64, bool) {
	if it.sort == sortInteger {
		return int64(int32(it.ref)), true
	}
	n, exponent, ok := decimal.Integer(v.text(it, &v.buffers[0]))
	return n, ok && exponent == 0 && -maxInteger <= n && n <= maxInteger
}

func (o *arithmetic) decimals(v *Evaluator, a, b item) (item, bool) {
	v.left -= costOfDecimal
	var x, y, result apd.Decimal
	if !v.decimalOf(&x, a) || !v.decimalOf(&y, b) {
		return item{}, false
	}
	condition, ok := o.compute(&result, &x, &y)
	if !ok {
		return item{}, false
	}
	if o.operator == "div" {
		n, ok := truncated(&result)
		if !ok {
			return item{}, false
		}
		return addInteger(n)
	}
	return v.addDecimal(&result, condition)
}

// compute applies an operator to two decimals.
func (o *arithmetic) compute(result, x, y *apd.Decimal) (apd.Condition, bool) {
	var condition apd.Condition
	switch o.operator {
	case "+":
		condition, _ = decimals.Add(result, x, y)
	case "-":
		condition, _ = decimals.Sub(result, x, y)
	case "*":
		condition, _ = decimals.Mul(result, x, y)
	case "/":
		condition, _ = decimals.Quo(result, x, y)
		result.Reduce(result)
	case "div":
		condition, _ = newContext(maxDigits).QuoInteger(result, x, y)
	case "mod":
		condition, _ = newContext(maxDigits).Rem(result, x, y)
	}
	return condition, result.Form == apd.Finite
}

// quantities adds and subtracts quantities in the unit of the left, multiplies and
// divides them with their units (FHIRPath N1 §6.6).
func (o *arithmetic) quantities(v *Evaluator, a, b item) (it item, ok bool, err error) {
	v.left -= costOfDecimal
	var x, y quantity
	if !v.quantityOf(&x, a) || !v.quantityOf(&y, b) {
		return item{}, false, nil
	}
	switch o.operator {
	case "+", "-":
		if !v.align(&y, &x) {
			return item{}, false, nil
		}
	case "*", "/":
		if !v.combineUnits(&x, &y, o.operator) {
			return item{}, false, nil
		}
	default:
		return item{}, false, v.fail(ErrEvaluation, o.Pos(), o.operator+" does not take quantities")
	}
	condition, ok := o.compute(&x.number, &x.number, &y.number)
	if !ok {
		return item{}, false, nil
	}
	it, ok = v.addQuantity(&x, condition)
	return it, ok, nil
}

// align converts q to the unit of to, if it can be.
func (v *Evaluator) align(q, to *quantity) bool {
	if q.unit == to.unit && q.word == to.word {
		return true
	}
	target := *to
	qMonths, toMonths := q.scale(), target.scale()
	if qMonths || toMonths {
		if qMonths != toMonths {
			return false
		}
		to.number.Set(&target.number)
		to.unit = "months"
		return true
	}
	from, err1 := v.unit(q.unit)
	into, err2 := v.unit(target.unit)
	return err1 == nil && err2 == nil && ucum.Convert(&q.number, &q.number, from, into) == nil
}

// combineUnits gives x the unit of the product or quotient of x and y.
func (v *Evaluator) combineUnits(x, y *quantity, operator string) bool {
	for _, q := range [...]*quantity{x, y} {
		if q.scale() {
			return false // a calendar's month has no length
		}
	}
	if y.unit == "1" {
		return true
	}
	left, err1 := v.unit(x.unit)
	right, err2 := v.unit(y.unit)
	if err1 != nil || err2 != nil {
		return false
	}
	combine := ucum.Multiply
	if operator == "/" {
		combine = ucum.Divide
	}
	u, err := combine(left, right)
	if err != nil {
		return false
	}
	x.unit = u.Code()
	return true
}

// moments adds a duration to a date or time. A UCUM year or month is an error: it
// is not the calendar's (FHIRPath N1 §6.6.7).
func (o *arithmetic) moments(v *Evaluator, a, b item, sort itemSort) (it item, ok bool, err error) {
	var q quantity
	if !v.quantityOf(&q, b) {
		return item{}, false, nil
	}
	unit, ok := calendarUnitOf(q.unit)
	if !ok {
		return item{}, false, v.fail(ErrEvaluation, o.Pos(), "no unit of the calendar")
	}
	m, ok := v.momentOf(a, v.classOf(a))
	if !ok {
		return item{}, false, nil
	}
	if o.operator == "-" {
		q.number.Neg(&q.number)
	}
	if m, ok = m.plus(&q.number, unit); !ok {
		return item{}, false, nil
	}
	return v.addValue(sort, value{text: m.format()}), true, nil
}

func (o *negative) eval(v *Evaluator, focus item) error {
	it, ok, err := v.one(o.operand, focus)
	if err != nil || !ok {
		return err
	}
	if err := v.visit(costOfOperator, o.Pos()); err != nil {
		return err
	}
	switch sort := v.typeOf(it); sort {
	case sortInteger:
		n, ok1 := v.integerOf(it)
		if o.minus {
			n = -n
		}
		it, ok = addInteger(n)
		ok = ok && ok1
	case sortDecimal, sortQuantity:
		var q quantity
		ok = v.quantityOf(&q, it)
		if ok && o.minus {
			q.number.Neg(&q.number)
		}
		if ok && sort == sortDecimal {
			it, ok = v.addDecimal(&q.number, 0)
		} else if ok {
			it, ok = v.addQuantity(&q, 0)
		}
	default:
		return v.fail(ErrEvaluation, o.Pos(), "a sign before what is no number")
	}
	if ok {
		v.push(it)
	}
	return nil
}
