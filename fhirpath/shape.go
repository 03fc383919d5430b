package fhirpath

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A shape is what is known of a collection before it is evaluated: the types
// that its items can have.
type shape struct {
	// open is set where a node may be of any type: the context.
	open bool
	// nodes are the types of nodes, ascending. An abstract type stands for all
	// that specialise it.
	nodes []schema.TypeID
	// values are the sorts of values of FHIRPath's own, as bits.
	values uint16
}

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
	}
}

// concrete calls yield with each concrete type that a node of the shape can have.
func (s shape) concrete(yield func(schema.TypeID)) {
	if s.open {
		for t := range schema.Types[1:] {
			yield(schema.TypeID(t + 1))
		}
		return
	}
	for _, t := range s.nodes {
		if !t.Type().Abstract {
			yield(t)
			continue
		}
		for u := range schema.Types[1:] {
			if u := schema.TypeID(u + 1); u.Is(t) && !u.Type().Abstract {
				yield(u)
			}
		}
	}
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

// stepOf returns the step by an element's name from nodes of the shape, and the
// shape of what it leads to. The step is empty where no such type has the element.
func stepOf(from shape, element string) (step, shape) {
	var rows step
	var types []schema.TypeID
	from.concrete(func(t schema.TypeID) {
		first, end := schema.Element(t, element)
		if first == end {
			return
		}
		rows = append(rows, fieldRange{t, first, end})
		for f := first; f < end; f++ {
			types = append(types, f.Field().Type)
		}
	})
	slices.SortFunc(rows, func(a, b fieldRange) int { return int(a.owner) - int(b.owner) })
	return slices.Compact(rows), nodesOf(normalise(types)...)
}

// narrowed returns the step without the alternatives of choices that lead to
// another type than t, which must be concrete. It is what makes
// "Observation.value as Quantity" a matter of one field.
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

// fields returns the fields of the step in a node of the type; first == end
// where there is none.
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
