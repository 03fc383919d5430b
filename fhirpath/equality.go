package fhirpath

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
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

// equal tells whether two items are equal (FHIRPath N1 §6.1.1). Items of
// different classes are not; dates of different precision may be unknown; a
// primitive without a value is unknown beside anything but its like.
func (v *Evaluator) equal(a, b item) truth {
	if a == b {
		return yes
	}
	c, d := v.classOf(a), v.classOf(b)
	switch {
	case c == classNone || d == classNone:
		if c == d {
			return v.equalTrees(a.ref, b.ref)
		}
		return unknown
	case c != d:
		return no
	case c == classObject:
		return v.equalTrees(a.ref, b.ref)
	case c == classBoolean:
		return truthFrom(v.truthOf(a) == v.truthOf(b))
	case c == classString:
		return truthFrom(bytes.Equal(v.text(a, &v.buffers[0]), v.text(b, &v.buffers[1])))
	}
	order, ok := v.order(a, b, c)
	if !ok {
		return unknown
	}
	return truthFrom(order == 0)
}

// equalTrees compares two elements with all that is in them. Both stand on the
// tape in canonical order, so equal trees are equal node by node.
func (v *Evaluator) equalTrees(a, b uint32) truth {
	nodes := v.doc.Nodes
	size := nodes[a].Next - a
	if nodes[b].Next-b != size || nodes[a].Type != nodes[b].Type {
		return no
	}
	v.left -= int(size) // the next visit tells if that was too much
	result := yes
	for i := uint32(1); i < size; i++ {
		x, y := &nodes[a+i], &nodes[b+i]
		if x.Field != y.Field || x.Type != y.Type || x.Kind != y.Kind && classOfNode(x) != classBoolean || x.Next-a != y.Next-b {
			return no
		}
		if c := classOfNode(x); c == classObject || c == classNone {
			continue
		}
		switch v.equal(item{a + i, sortNode}, item{b + i, sortNode}) {
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
		x, ok1 := v.timeOf(a, c)
		y, ok2 := v.timeOf(b, c)
		if !ok1 || !ok2 {
			return 0, false
		}
		return fhirtime.Compare(x, y)
	}
}
