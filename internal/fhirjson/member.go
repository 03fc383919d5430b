package fhirjson

import (
	"iter"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// Member returns the value of a primitive child of a node, "" if there is none.
func (d *Document) Member(n Index, name string) string {
	c, ok := d.Child(n, schema.Lookup(d.Nodes[n].Type, name))
	if !ok || !d.HasValue(c) {
		return ""
	}
	return string(d.Text(c, nil))
}

// Members iterates over the children of a node that have a name.
func (d *Document) Members(n Index, name string) iter.Seq[Index] {
	return func(yield func(Index) bool) {
		field := schema.Lookup(d.Nodes[n].Type, name)
		for c := range d.Children(n) {
			if d.Nodes[c].Field == field && !yield(c) {
				return
			}
		}
	}
}
