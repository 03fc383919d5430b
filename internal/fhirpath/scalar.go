package fhirpath

import "strings"

// kinds are classes of items as bits. A FHIR Quantity is of classObject and of
// classQuantity.
type kinds uint16

const (
	kindObject   kinds = 1 << classObject
	kindBoolean  kinds = 1 << classBoolean
	kindNumber   kinds = 1 << classNumber
	kindString   kinds = 1 << classString
	kindTemporal kinds = 1 << classTemporal
	kindTime     kinds = 1 << classTime
	kindQuantity kinds = 1 << classQuantity
	kindType     kinds = 1 << classType
	kindAny      kinds = 0xffff

	kindPoint      = kindTemporal | kindTime
	kindMeasurable = kindNumber | kindQuantity
)

// kindNames are the words for kinds in errors.
var kindNames = [...]struct {
	kind kinds
	name string
}{
	{kindString, "a string"}, {kindNumber, "a number"}, {kindQuantity, "a quantity"}, {kindBoolean, "a boolean"},
	{kindTemporal, "a date or dateTime"}, {kindTime, "a time"}, {kindObject, "an element with elements"}, {kindType, "a type"},
}

// String returns the kinds as words: "a number or a quantity".
func (k kinds) String() string {
	var names []string
	for _, n := range kindNames {
		if k&n.kind != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, " or ")
}

// kindsOf returns the kinds of one item.
func (v *Evaluator) kindsOf(it item) kinds {
	if it.sort == sortNode && v.typeOf(it) == sortQuantity {
		return kindObject | kindQuantity
	}
	return 1 << v.classOf(it)
}

// maxArgs is the greatest number of arguments of a scalar function.
const maxArgs = 2

// A scalar is a function of one item with arguments of one item each. If its input, or
// a written argument, is empty, the result is empty.
type scalar struct {
	input  kinds
	args   []kinds
	least  int // arguments that must be written
	result func(shape) shape
	// lenient functions take an empty optional argument for an omitted one.
	lenient bool
	// asks is set if the function may ask a service, so that its result is unknown
	// before.
	asks bool
	// cost is the work of a call in visits, over and above reading its texts.
	cost int
	// eval computes the result; ok is false for none.
	eval func(v *Evaluator, in item, args []item, pos int) (it item, ok bool, err error)
}

// scalarCall is a call of a scalar function.
type scalarCall struct {
	position
	input    operation
	args     []operation
	name     string
	function *scalar
}

func (o *scalarCall) eval(v *Evaluator, focus item) error {
	in, ok, err := v.one(o.input, focus)
	if err != nil {
		return err
	}
	if ok && v.kindsOf(in)&o.function.input == 0 {
		return v.fail(ErrEvaluation, o.Pos(), o.name+" takes "+o.function.input.String())
	}
	var args [maxArgs]item
	n := 0
	for i, arg := range o.args {
		value, present, err := v.one(arg, focus)
		if err != nil {
			return err
		}
		if !present {
			if o.function.lenient && i >= o.function.least {
				break
			}
			ok = false
			continue
		}
		if v.kindsOf(value)&o.function.args[i] == 0 {
			return v.fail(ErrEvaluation, arg.Pos(), o.name+" takes "+o.function.args[i].String()+" here")
		}
		args[i] = value
		n++
	}
	if !ok {
		return nil
	}
	if err := v.visit(costOfOperator+o.function.cost+v.costOfReading(in, args[:n]), o.Pos()); err != nil {
		return err
	}
	v.args = args
	result, ok, err := o.function.eval(v, in, v.args[:n], o.Pos())
	if ok && err == nil {
		v.push(result)
	}
	return err
}

// costOfReading returns the work of going over texts, about a nanosecond for each byte.
func (v *Evaluator) costOfReading(in item, args []item) int {
	bytes := v.size(in)
	for _, arg := range args {
		bytes += v.size(arg)
	}
	return bytes / 8
}

// scalarOf finds a scalar function by name.
func scalarOf(name string) (*scalar, bool) {
	for _, table := range [...]map[string]*scalar{
		textFunctions, mathFunctions, conversions, boundaries, componentFunctions, elementFunctions,
	} {
		if f, ok := table[name]; ok {
			return f, true
		}
	}
	return nil, false
}

// splitting is split and toChars: functions of a string that yield several.
type splitting struct {
	position
	input     operation
	separator operation // nil: character by character
}

func (o *splitting) eval(v *Evaluator, focus item) error {
	text, ok, err := v.oneString(o.input, focus)
	if err != nil {
		return err
	}
	separator := ""
	if o.separator != nil {
		var written bool
		if separator, written, err = v.oneString(o.separator, focus); err != nil {
			return err
		}
		ok = ok && written
	}
	if !ok {
		return nil
	}
	for rest, more := text, text != "" || o.separator != nil; more; {
		var part string
		if separator == "" {
			part, rest = cutRune(rest)
			more = rest != ""
		} else {
			part, rest, more = strings.Cut(rest, separator)
		}
		it, err := v.addText(sortString, part, o.Pos())
		if err != nil {
			return err
		}
		v.push(it)
		if err := v.visit(1, o.Pos()); err != nil {
			return err
		}
	}
	return nil
}

// oneString evaluates an operation that yields one string or nothing.
func (v *Evaluator) oneString(o operation, focus item) (text string, ok bool, err error) {
	it, ok, err := v.one(o, focus)
	if err != nil || !ok {
		return "", false, err
	}
	if v.classOf(it) != classString {
		return "", false, v.fail(ErrEvaluation, o.Pos(), "needs a string")
	}
	return v.string(it), true, nil
}

// joining is join: the strings of its input as one.
type joining struct {
	position
	input     operation
	separator operation // nil for none
}

func (o *joining) eval(v *Evaluator, focus item) error {
	separator := ""
	if o.separator != nil {
		var err error
		if separator, _, err = v.oneString(o.separator, focus); err != nil {
			return err
		}
	}
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	if len(v.stack) == base {
		return nil
	}
	var joined []byte
	first := true
	if err := v.visit(len(v.stack)-base, o.Pos()); err != nil {
		return err
	}
	for _, it := range v.stack[base:] {
		switch v.classOf(it) {
		case classNone:
			continue
		case classString:
		default:
			return v.fail(ErrEvaluation, o.Pos(), "join needs strings")
		}
		text := v.text(it, &v.buffers[0])
		if err := v.room(len(joined)+len(text)+len(separator), o.Pos()); err != nil {
			return err
		}
		if !first {
			joined = append(joined, separator...)
		}
		joined, first = append(joined, text...), false
	}
	v.replace(base, v.addValue(sortString, value{text: string(joined)}), true)
	return nil
}
