package fhirpath

import (
	"strings"
	"unicode"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/ucum"
)

// equivalentCollections is ~: the same items, in any order (FHIRPath N1 §6.1.2).
func (v *Evaluator) equivalentCollections(a, b []item, pos int) (bool, error) {
	if len(a) != len(b) {
		return false, nil
	}
	if len(a) == 1 {
		same := v.equivalent(a[0], b[0])
		return same, v.visit(1, pos)
	}
	used := make([]bool, len(b))
next:
	for _, x := range a {
		if err := v.visit(len(b), pos); err != nil {
			return false, err
		}
		for i, y := range b {
			if !used[i] && v.equivalent(x, y) {
				used[i] = true
				continue next
			}
			if err := v.visit(1, pos); err != nil {
				return false, err
			}
		}
		return false, nil
	}
	return true, nil
}

// equivalent tells whether two items are equivalent.
func (v *Evaluator) equivalent(a, b item) bool {
	if a == b {
		return true
	}
	c, d := v.classOf(a), v.classOf(b)
	switch {
	case c == classQuantity || d == classQuantity:
		return v.measurable(a) && v.measurable(b) && v.equivalentQuantities(a, b)
	case c != d:
		return false
	case c == classObject || c == classNone:
		return v.equivalentTrees(a, b)
	case c == classString:
		x, y := v.string(a), v.string(b)
		v.left -= len(x) + len(y)
		return normalised(x) == normalised(y)
	case c == classNumber:
		var x, y apd.Decimal
		return v.decimalOf(&x, a) && v.decimalOf(&y, b) && equivalentNumbers(&x, &y)
	case c == classTemporal || c == classTime:
		x, ok1 := v.momentOf(a, c)
		y, ok2 := v.momentOf(b, c)
		return ok1 && ok2 && sameMoment(x, y)
	default:
		return v.equal(a, b) == yes
	}
}

// normalised returns a text without case, with single white space for any.
func normalised(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return unicode.ToLower(r)
	}, text)
}

// equivalentNumbers compares two numbers at the precision of the less precise one,
// zeros at the end not counted. It changes both.
func equivalentNumbers(x, y *apd.Decimal) bool {
	x.Reduce(x)
	y.Reduce(y)
	places := min(0, max(x.Exponent, y.Exponent))
	c := newContext(maxDigits)
	for _, d := range [...]*apd.Decimal{x, y} {
		if d.Exponent < places {
			if condition, err := c.Quantize(d, d, places); err != nil || condition&apd.InvalidOperation != 0 {
				return false
			}
		}
	}
	return x.Cmp(y) == 0
}

// equivalentQuantities compares quantities. A word and its UCUM code mean the same.
func (v *Evaluator) equivalentQuantities(a, b item) bool {
	var x, y quantity
	if !v.quantityOf(&x, a) || !v.quantityOf(&y, b) {
		return false
	}
	for _, q := range [...]*quantity{&x, &y} {
		if q.word {
			q.unit, q.word = codeOfWord(q.unit), false
		}
	}
	if x.unit != y.unit {
		xUnit, err1 := v.unit(x.unit)
		yUnit, err2 := v.unit(y.unit)
		if err1 != nil || err2 != nil || toCoarser(&x.number, xUnit, &y.number, yUnit) != nil {
			return false
		}
	}
	return equivalentNumbers(&x.number, &y.number)
}

// toCoarser puts two numbers into the coarser of their units: HL7's suite has 4 'g' ~
// 4040 'mg', which is so in g alone, and the order of the operands must not matter.
func toCoarser(x *apd.Decimal, xUnit *ucum.Unit, y *apd.Decimal, yUnit *ucum.Unit) error {
	one := apd.New(1, 0)
	order, err := ucum.Compare(one, xUnit, one, yUnit)
	switch {
	case err != nil:
		return err
	case order < 0:
		return ucum.Convert(x, x, xUnit, yUnit)
	default:
		return ucum.Convert(y, y, yUnit, xUnit)
	}
}

// equivalentTrees compares two elements with all elements inside. The order of the
// items of an array does not count; the ids of elements do.
func (v *Evaluator) equivalentTrees(a, b item) bool {
	x, y := v.document(a.doc), v.document(b.doc)
	n, m := fhirjson.Index(a.ref), fhirjson.Index(b.ref)
	v.left -= int(x.Nodes[n].Next - a.ref)
	if x.Nodes[n].Type != y.Nodes[m].Type {
		return false
	}
	i, iMore := x.First(n)
	j, jMore := y.First(m)
	for iMore && jMore {
		if x.Nodes[i].Field != y.Nodes[j].Field {
			return false
		}
		iEnd, jEnd := fieldEnd(x, n, i), fieldEnd(y, m, j)
		if !v.equivalentRuns(a.doc, i, iEnd, b.doc, j, jEnd) {
			return false
		}
		i, j = iEnd, jEnd
		iMore, jMore = uint32(i) < x.Nodes[n].Next, uint32(j) < y.Nodes[m].Next
	}
	return iMore == jMore
}

// fieldEnd returns the index after the children of n that have the field of child i.
func fieldEnd(doc *fhirjson.Document, n, i fhirjson.Index) fhirjson.Index {
	field, end := doc.Nodes[i].Field, doc.Nodes[n].Next
	for uint32(i) < end && doc.Nodes[i].Field == field {
		i = fhirjson.Index(doc.Nodes[i].Next)
	}
	return i
}

// equivalentRuns compares the items of two arrays.
func (v *Evaluator) equivalentRuns(aDoc uint16, a, aEnd fhirjson.Index, bDoc uint16, b, bEnd fhirjson.Index) bool {
	var left, right []item
	for ; a < aEnd; a = fhirjson.Index(v.document(aDoc).Nodes[a].Next) {
		left = append(left, item{ref: uint32(a), doc: aDoc})
	}
	for ; b < bEnd; b = fhirjson.Index(v.document(bDoc).Nodes[b].Next) {
		right = append(right, item{ref: uint32(b), doc: bDoc})
	}
	same, err := v.equivalentCollections(left, right, v.expr.root.Pos())
	return same && err == nil
}
