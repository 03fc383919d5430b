package param

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Node is a place in the tree of elements below a resource of one type, with the
// streams that are fed there. Extraction walks tape and trie together and skips every
// subtree into which no parameter looks.
type Node struct {
	Leaves []Leaf
	First  schema.FieldID // the field of edges[0]
	Edges  []*edge        // by field of the place's type; nil where nothing is below
}

// A Leaf is one stream that is fed at a node.
type Leaf struct {
	Param   index.Param
	Kind    leafKind
	Binding *schema.Binding // of leafCode
}

// An edge leads from a node to the items of one field. An item takes the first branch
// whose filter it passes, so it feeds exactly one branch. A parameter without filter is
// the union of all branches of the edge.
type edge struct {
	Branches []branch
	// Numbered says that the items are the elements of a composite: values below item
	// i, from 0, are in group i + 1.
	Numbered bool
	// Counted says that the number of an item matters to a filter or a group.
	Counted bool
}

type branch struct {
	Filter Filter
	Node   *Node
}

// node builds the place at the end of depth hops, of a given type and name, for the
// uses that go through it.
func (b *registryBuilder) node(t schema.TypeID, place string, uses []use, depth int) *Node {
	n := &Node{}
	below := map[schema.FieldID][]use{}
	var fields []schema.FieldID
	for _, u := range uses {
		if len(u.hops) == depth {
			b.leaf(n, u, place)
			continue
		}
		field := u.hops[depth].field
		if below[field] == nil {
			fields = append(fields, field)
		}
		below[field] = append(below[field], u)
	}
	if len(fields) == 0 {
		return n
	}
	row := t.Type()
	n.First = row.First
	n.Edges = make([]*edge, row.End-row.First)
	slices.Sort(fields)
	for _, field := range fields {
		n.Edges[field-n.First] = b.edge(field, place+"."+field.Field().Name, below[field], depth)
	}
	return n
}

// leaf adds a use's stream to a node, or shares the node's own.
func (b *registryBuilder) leaf(n *Node, u use, place string) {
	var s *Stream
	for _, l := range n.Leaves {
		if l.Kind == u.kind {
			s = b.streams[l.Param]
		}
	}
	if s == nil {
		s = b.stream(u, place)
		n.Leaves = append(n.Leaves, Leaf{Param: s.ID, Kind: u.kind, Binding: u.field.Field().Binding.Binding()})
	}
	if u.aside {
		u.param.Aside = appendNew(u.param.Aside, s)
	} else {
		u.param.Streams = appendNew(u.param.Streams, s)
	}
}

func appendNew(list []*Stream, s *Stream) []*Stream {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (b *registryBuilder) edge(field schema.FieldID, place string, uses []use, depth int) *edge {
	e := &edge{}
	var filters []Filter
	open := false
	for _, u := range uses {
		f := u.hops[depth].filter
		switch {
		case f.Kind == filterNone:
			open = true
		case !slices.Contains(filters, f):
			filters = append(filters, f)
		}
		e.Counted = e.Counted || f.Kind == FilterFirst
		e.Numbered = e.Numbered || u.base == depth+1
	}
	e.Counted = e.Counted || e.Numbered
	if open {
		filters = append(filters, Filter{})
	}
	for _, f := range filters {
		var through []use
		for _, u := range uses {
			if of := u.hops[depth].filter; of == f || of.Kind == filterNone {
				through = append(through, u)
			}
		}
		e.Branches = append(e.Branches, branch{f, b.node(field.Field().Type, place+f.String(), through, depth+1)})
	}
	return e
}
