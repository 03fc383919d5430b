package fhirpath

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// truth is a boolean of FHIRPath's three-valued logic.
type truth int8

const (
	unknown truth = iota // the empty collection
	no
	yes
)

func truthFrom(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	default:
		return unknown
	}
}

// equal tells whether two items are equal (FHIRPath N1 §6.1.1). Items of different
// classes are not; dates of different precision may be unknown; a comparison of a
// primitive without a value with an item of another class is unknown.
func (v *Evaluator) equal(a, b item) truth {
	if a == b {
		return yes
	}
	if a.sort == sortNode && b.sort == sortNode && v.node(a).Kind == fhirjson.Object && v.node(b).Kind == fhirjson.Object {
		return v.equalTrees(a, b) // before the classes: most that a union compares are such
	}
	c, d := v.classOf(a), v.classOf(b)
	switch {
	case c == classNone || d == classNone:
		if c == d {
			return v.equalTrees(a, b)
		}
		return unknown
	case c == classQuantity || d == classQuantity:
		return v.equalQuantities(a, b)
	case c != d:
		return no
	case c == classBoolean:
		return truthFrom(v.truthOf(a) == v.truthOf(b))
	case c == classString:
		return truthFrom(bytes.Equal(v.text(a, &v.buffers[0]), v.text(b, &v.buffers[1])))
	case c == classType:
		return truthFrom(*v.value(a) == *v.value(b))
	}
	order, ok := v.order(a, b, c)
	if !ok {
		return unknown
	}
	return truthFrom(order == 0)
}

// equalQuantities compares two items; at least one is a System.Quantity. Quantities of
// different dimensions are not equal.
func (v *Evaluator) equalQuantities(a, b item) truth {
	if !v.measurable(a) || !v.measurable(b) {
		return no
	}
	var x, y quantity
	if !v.comparandOf(&x, a) || !v.comparandOf(&y, b) {
		return unknown
	}
	switch order, how := v.compareQuantities(&x, &y); how {
	case quantitiesOrdered:
		return truthFrom(order == 0)
	case quantitiesOpen:
		return unknown
	default:
		return no
	}
}

// measurable reports whether an item is a quantity or becomes one implicitly: a number
// is a quantity of unit 1 (FHIRPath N1 §5.5).
func (v *Evaluator) measurable(it item) bool {
	switch v.typeOf(it) {
	case sortQuantity, sortInteger, sortDecimal:
		return true
	default:
		return false
	}
}

// equalTrees compares two elements with all elements inside. Both stand on their tapes
// in canonical order, so equal trees are equal node by node.
func (v *Evaluator) equalTrees(a, b item) truth {
	doc, other := v.document(a.doc), v.document(b.doc)
	nodes, others := doc.Nodes[a.ref:], other.Nodes[b.ref:]
	size := nodes[0].Next - a.ref
	if others[0].Next-b.ref != size || nodes[0].Type != others[0].Type {
		return no
	}
	nodes, others = nodes[:size], others[:size]
	v.left -= int(size) // the next visit tells if that was too much
	result := yes
	for i := uint32(1); i < size; i++ {
		x, y := &nodes[i], &others[i]
		if x.Field != y.Field || x.Type != y.Type || x.Kind != y.Kind && classOfNode(x) != classBoolean || x.Next-a.ref != y.Next-b.ref {
			return no
		}
		if x.Kind <= fhirjson.Object {
			continue
		}
		if bytes.Equal(doc.Source[x.Start:x.End], other.Source[y.Start:y.End]) {
			continue // the same text is the same value
		}
		switch v.equal(item{ref: a.ref + i, doc: a.doc}, item{ref: b.ref + i, doc: b.doc}) {
		case no:
			return no
		case unknown:
			result = unknown
		}
	}
	return result
}

// order compares two items of the same class, which has an order, and reports
// whether there is an answer.
func (v *Evaluator) order(a, b item, c class) (int, bool) {
	switch c {
	case classString:
		return bytes.Compare(v.text(a, &v.buffers[0]), v.text(b, &v.buffers[1])), true
	case classNumber:
		return compareNumbers(v.text(a, &v.buffers[0]), v.text(b, &v.buffers[1]))
	default:
		x, ok1 := v.momentOf(a, c)
		y, ok2 := v.momentOf(b, c)
		if !ok1 || !ok2 {
			return 0, false
		}
		return compareMoments(x, y)
	}
}

// equalCollections compares two collections that are not empty, item by item.
func (v *Evaluator) equalCollections(a, b []item, pos int) (truth, error) {
	if len(a) != len(b) {
		return no, nil
	}
	result := yes
	for i := range a {
		switch v.equal(a[i], b[i]) {
		case no:
			return no, nil
		case unknown:
			result = unknown
		}
		if err := v.visit(0, pos); err != nil {
			return unknown, err
		}
	}
	return result, nil
}
