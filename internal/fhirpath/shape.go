package fhirpath

import (
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A shape is the types that the items of a collection can have, as far as they are
// known before the evaluation.
type shape struct {
	// open is set where a node may be of any type: the context.
	open bool
	// nodes are the types of nodes, ascending. An abstract type stands for all
	// that specialise it.
	nodes []schema.TypeID
	// values are the sorts of values of FHIRPath's own, as bits.
	values uint16
	// unordered is set on the result of children and descendants.
	unordered bool
}

// anyValue are all sorts of values.
const anyValue = 1<<(sortType+1) - 1<<sortBoolean

func nodesOf(types ...schema.TypeID) shape { return shape{nodes: types} }

func valuesOf(sort itemSort) shape { return shape{values: 1 << sort} }

// boolean reports whether items can only be System.Boolean.
func (s shape) boolean() bool {
	return !s.open && len(s.nodes) == 0 && s.values == 1<<sortBoolean
}

// hasAbstract reports whether nodes may be of types that the shape does not name.
func (s shape) hasAbstract() bool {
	for _, t := range s.nodes {
		if t.Type().Abstract {
			return true
		}
	}
	return s.open
}

// or returns the shape of the items of both.
func (s shape) or(other shape) shape {
	return shape{
		open:   s.open || other.open,
		nodes:  normalise(slices.Concat(s.nodes, other.nodes)),
		values: s.values | other.values,

		unordered: s.unordered || other.unordered,
	}
}

// none reports whether there can be no items.
func (s shape) none() bool { return !s.open && len(s.nodes) == 0 && s.values == 0 }

// kinds returns the kinds of the items, 0 if there are none.
func (s shape) kinds() kinds {
	if s.open {
		return kindAny
	}
	var k kinds
	for _, t := range s.nodes {
		switch row := t.Type(); {
		case row.Abstract:
			return kindAny
		case row.Kind == schema.KindPrimitive:
			k |= 1 << classOfPrimitive(t)
		case t.Is(schema.TypeQuantity):
			k |= kindObject | kindQuantity
		default:
			k |= kindObject
		}
	}
	for sort := sortBoolean; sort <= sortType; sort++ {
		if s.values>>sort&1 != 0 {
			k |= 1 << classes[sort]
		}
	}
	return k
}

// asValues returns the shape of the items as values of FHIRPath's own types.
func (s shape) asValues() shape {
	if s.open || s.hasAbstract() {
		return shape{values: anyValue}
	}
	out := shape{values: s.values}
	for _, t := range s.nodes {
		switch {
		case t.Is(schema.TypeQuantity):
			out.values |= 1 << sortQuantity
		case t.Type().Kind == schema.KindPrimitive:
			out.values |= 1 << sortOfPrimitive(t)
		}
	}
	return out
}

// String describes the items of the shape, for errors.
func (s shape) String() string {
	if len(s.nodes) == 1 && s.values == 0 && !s.open {
		return s.nodes[0].String()
	}
	return s.kinds().String()
}

func normalise(types []schema.TypeID) []schema.TypeID {
	slices.Sort(types)
	return slices.Compact(types)
}

// A step leads from nodes to their children by one name. Its rows are ascending
// by owner.
type step []fieldRange

// A fieldRange is the fields of a type that have the step's name: one, or the
// alternatives of a choice.
type fieldRange struct {
	owner      schema.TypeID
	first, end schema.FieldID
}

// stepOf returns the step by an element's name from nodes of the shape, and the shape
// of the step's nodes. The step is empty if no such type has the element. It may be
// shared and must not be changed.
func stepOf(from shape, element string) (step, shape) {
	if from.open {
		s := elementIndex()[element]
		return s.rows, s.to
	}
	var rows step
	if from.hasAbstract() {
		for _, r := range elementIndex()[element].rows {
			if from.covers(r.owner) {
				rows = append(rows, r)
			}
		}
	} else {
		for _, t := range from.nodes {
			if first, end := schema.Element(t, element); first < end {
				rows = append(rows, fieldRange{t, first, end})
			}
		}
	}
	return rows, rows.shape()
}

// shape returns the shape of the step's nodes.
func (s step) shape() shape {
	var types []schema.TypeID
	for _, r := range s {
		for f := r.first; f < r.end; f++ {
			types = append(types, f.Field().Type)
		}
	}
	return nodesOf(normalise(types)...)
}

// covers reports whether a node of the shape, which is not open, may have the type.
func (s shape) covers(t schema.TypeID) bool {
	for _, base := range s.nodes {
		if t.Is(base) {
			return true
		}
	}
	return false
}

// A namedStep is the step by a name from nodes of any type, and its shape.
type namedStep struct {
	rows step
	to   shape
}

// elementIndex has the steps by name. It is made when a path first begins at items of
// several types.
var elementIndex = sync.OnceValue(func() map[string]namedStep {
	rows := map[string]step{}
	for t := range schema.Types {
		owner := schema.TypeID(t)
		if owner.Type().Abstract {
			continue
		}
		for f := owner.Type().First; f < owner.Type().End; {
			element := f.Field().Element
			first, end := schema.Element(owner, element)
			rows[element] = append(rows[element], fieldRange{owner, first, end})
			f = end
		}
	}
	index := make(map[string]namedStep, len(rows))
	for element, s := range rows {
		index[element] = namedStep{s, s.shape()}
	}
	return index
})

// narrowed returns the step without the alternatives of choices that lead to another
// type than t, which must be concrete. So "Observation.value as Quantity" looks at one
// field.
func (s step) narrowed(t schema.TypeID) step {
	var rows step
	for _, r := range s {
		for f := r.first; f < r.end; f++ {
			if f.Field().Type == t {
				rows = append(rows, fieldRange{r.owner, f, f + 1})
			}
		}
	}
	return rows
}

// fields returns the fields of the step in a node of the type; first == end if there is
// none.
func (s step) fields(owner schema.TypeID) (first, end schema.FieldID) {
	for len(s) > 4 {
		if mid := len(s) / 2; s[mid].owner <= owner {
			s = s[mid:]
		} else {
			s = s[:mid]
		}
	}
	for i := range s {
		if s[i].owner == owner {
			return s[i].first, s[i].end
		}
	}
	return 0, 0
}
