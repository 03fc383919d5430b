package fhirpath

import "math"

// The functions in this file make values, which belong to the evaluation under way.

// valueSize is the counted size of a value beside its text, so that many short values
// are bounded as well.
const valueSize = 64

// addValue makes an item of a value. Its size is checked at the next visit.
func (v *Evaluator) addValue(sort itemSort, x value) item {
	v.used = true
	if v.made += valueSize + len(x.text) + len(x.unit); v.made > v.maxText() {
		v.check = math.MaxInt
	}
	v.values = append(v.values, x)
	return item{ref: uint32(len(v.expr.values) + len(v.values) - 1), sort: sort}
}

// addText makes a value of a text, and fails if texts take too much memory.
func (v *Evaluator) addText(sort itemSort, text string, pos int) (item, error) {
	if err := v.room(len(text), pos); err != nil {
		return item{}, err
	}
	return v.addValue(sort, value{text: text}), nil
}

// room fails if there is no room for so many bytes of text. A caller that can tell the
// size before it makes the text asks first.
func (v *Evaluator) room(bytes, pos int) error {
	if v.made+bytes > v.maxText() {
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

// addInteger makes an integer; it reports false beyond 32 bits, for which FHIRPath has
// the empty collection (FHIRPath N1 §6.6).
func addInteger(i int64) (item, bool) {
	if i < math.MinInt32 || i > math.MaxInt32 {
		return item{}, false
	}
	return integerItem(int32(i)), true
}
