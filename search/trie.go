package search

import (
	"fmt"
	"slices"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A trieNode is a place in the tree of elements below a resource of one type, and
// says what to extract there. Extraction walks tape and trie together and skips
// every subtree that no parameter looks into.
type trieNode struct {
	leaves []leaf
	first  schema.FieldID // the field of edges[0]
	edges  []*edge        // by field of the place's type; nil where nothing is below
}

// A leaf is one stream that is fed at a node.
type leaf struct {
	param   index.Param
	kind    leafKind
	binding *schema.Binding // of leafCode
}

// An edge leads from a node to the items of one field. The first branch whose
// filter an item passes is taken. An edge with filters for some parameters and
// none for others has the latter's streams split: each item feeds exactly one
// branch, and an unfiltered parameter is the union of all.
type edge struct {
	branches []branch
	// numbered says that the items are the elements of a composite: what is below
	// item i, from 0, is in group i + 1.
	numbered bool
	// counted says that the number of an item matters to a filter or a group.
	counted bool
}

type branch struct {
	filter filter
	node   *trieNode
}

// node builds the place at the end of depth hops, of a given type and name, for the
// uses that go through it. grouped says that an element of a composite is above.
func (b *registryBuilder) node(t schema.TypeID, place string, uses []use, depth int, grouped bool) *trieNode {
	n := &trieNode{}
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
	n.first = row.First
	n.edges = make([]*edge, row.End-row.First)
	slices.Sort(fields)
	for _, field := range fields {
		n.edges[field-n.first] = b.edge(field, place+"."+field.Field().Name, below[field], depth, grouped)
	}
	return n
}

// leaf adds a use's stream to a node, or shares the one that is there.
func (b *registryBuilder) leaf(n *trieNode, u use, place string) {
	var s *stream
	for _, l := range n.leaves {
		if l.kind == u.kind {
			s = b.streams[l.param]
		}
	}
	if s == nil {
		s = b.stream(u, place)
		n.leaves = append(n.leaves, leaf{param: s.id, kind: u.kind, binding: u.field.Field().Binding.Binding()})
	}
	if u.aside {
		u.param.aside = appendNew(u.param.aside, s)
	} else {
		u.param.streams = appendNew(u.param.streams, s)
	}
}

func appendNew(list []*stream, s *stream) []*stream {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (b *registryBuilder) edge(field schema.FieldID, place string, uses []use, depth int, grouped bool) *edge {
	e := &edge{}
	var filters []filter
	open := false
	for _, u := range uses {
		f := u.hops[depth].filter
		switch {
		case f.kind == filterNone:
			open = true
		case !slices.Contains(filters, f):
			filters = append(filters, f)
		}
		e.counted = e.counted || f.kind == filterFirst
		e.numbered = e.numbered || u.base == depth+1
	}
	e.counted = e.counted || e.numbered
	if e.numbered && grouped {
		panic(fmt.Sprintf("search: composite of %s is within another", field.Field().Name))
	}
	for _, f := range filters {
		if f.kind != filters[0].kind || f.field != filters[0].field {
			panic(fmt.Sprintf("search: filters of %s do not exclude each other", field.Field().Name))
		}
	}
	if open {
		filters = append(filters, filter{})
	}
	for _, f := range filters {
		var through []use
		for _, u := range uses {
			if of := u.hops[depth].filter; of == f || of.kind == filterNone {
				through = append(through, u)
			}
		}
		e.branches = append(e.branches, branch{f, b.node(field.Field().Type, place+f.String(), through, depth+1, grouped || e.numbered)})
	}
	return e
}
