package fhirpath

import "math"

// The functions in this file make values during an evaluation. What they make
// belongs to the evaluation under way.

// valueSize is what a value counts besides its text, so that many short ones are
// bounded as well.
const valueSize = 64

// addValue makes an item of a value. Its size is checked when the limits are
// checked next.
func (v *Evaluator) addValue(sort itemSort, x value) item {
	v.used = true
	v.made += valueSize
	v.values = append(v.values, x)
	return item{ref: uint32(len(v.expr.values) + len(v.values) - 1), sort: sort}
}

// addText makes a value of a text, and fails where texts take too much memory.
func (v *Evaluator) addText(sort itemSort, text string, pos int) (item, error) {
	if err := v.charge(len(text), pos); err != nil {
		return item{}, err
	}
	return v.addValue(sort, value{text: text}), nil
}

// charge counts bytes of text that the evaluation makes, and fails beyond the
// limit. A caller that can tell the size before it makes the text charges first.
func (v *Evaluator) charge(bytes, pos int) error {
	v.used = true
	if v.made += bytes; v.made > v.maxText() {
		return v.fail(ErrLimit, pos, "makes more text than the limit")
	}
	return nil
}

func (v *Evaluator) maxText() int {
	if v.MaxText == 0 {
		return DefaultMaxText
	}
	return v.MaxText
}

// addInteger makes an integer; it reports false beyond 32 bits, where FHIRPath
// has the empty collection (FHIRPath N1 §6.6).
func addInteger(i int64) (item, bool) {
	if i < math.MinInt32 || i > math.MaxInt32 {
		return item{}, false
	}
	return integerItem(int32(i)), true
}
