package exec

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A compositeNode is a match on a composite: it holds for resources with an element for
// which every component of the value holds. The index finds the resources for which
// every component holds in some element. Whether it is one element is read from their
// values, unless the element is the resource itself.
type compositeNode struct {
	matched
	places []compositePlace
}

// A compositePlace is a value of a composite at one of the composite's places.
type compositePlace struct {
	*param.Composite
	value *query.Value
	parts []node
	tests []tester
}

func (on matched) compositeNode() *compositeNode {
	n := &compositeNode{matched: on}
	for i := range on.Param.Composites {
		for j := range on.Values {
			at := compositePlace{Composite: &on.Param.Composites[i], value: &on.Values[j]}
			for k, part := range at.Components {
				m := &query.Match{Type: on.typ, Param: part.Param, Values: at.value.Parts[k : k+1]}
				raw := on.ev.matchNode(on.typ, m)
				at.parts = append(at.parts, on.ev.wrap(raw, on.typ, ""))
				at.tests = append(at.tests, raw.(tester))
			}
			n.places = append(n.places, at)
		}
	}
	return n
}

func (n *compositeNode) estimate() int { return n.places[0].parts[0].estimate() }

func (n *compositeNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for i := range n.places {
		found, err := n.at(&n.places[i], within)
		if err != nil {
			return nil, err
		}
		set.Or(found)
	}
	return set, nil
}

func (n *compositeNode) at(at *compositePlace, within *roaring.Bitmap) (found *roaring.Bitmap, err error) {
	found = within
	for _, part := range at.parts {
		found, err = part.evaluate(found)
		if err != nil || found.IsEmpty() {
			return found, err
		}
	}
	if at.Grouped {
		return n.sameElement(at, found)
	}
	return found, nil
}

// sameElement keeps the visible ordinals of set with one element for which every
// component of the value holds.
func (n *compositeNode) sameElement(at *compositePlace, set *roaring.Bitmap) (*roaring.Bitmap, error) {
	n.ev.view.RetainVisible(set)
	kept := roaring.New()
	streams := at.Streams()
	var scratch elements
	for o := range roaring.Values(set) {
		entries, err := n.ev.entries(streams, index.Ordinal(o))
		if err != nil {
			return nil, err
		}
		if scratch.holds(at.Composite, at.tests, at.value, entries) {
			kept.Add(o)
		}
	}
	return kept, nil
}

func (n *compositeNode) decide(about subject) (decision, error) {
	m := n.Match
	if about == contained {
		m = n.inside()
	}
	asked := matched{n.ev, n.typ, m}.compositeNode()
	var scratch elements
	return n.ev.each(about, n.typ, 1, func(o *outer, in *inner) (bool, error) {
		for i := range asked.places {
			at := &asked.places[i]
			entries, err := n.ev.entriesOf(o, in, at.Streams())
			if err != nil {
				return false, err
			}
			if scratch.holds(at.Composite, at.tests, at.value, entries) {
				return true, nil
			}
			if err := n.ev.charge(len(entries)); err != nil {
				return false, err
			}
		}
		return false, nil
	}), nil
}

func (n *compositeNode) explain() (string, search.Way) {
	if slices.ContainsFunc(n.Param.Composites, func(c param.Composite) bool { return c.Grouped }) {
		return n.Name(), search.ByValues
	}
	return n.Name(), search.ByParts
}

// elements is the memory in which elements are numbered.
type elements struct{ groups, holding []uint32 }

// holds reports whether a resource with the given values has one element for which
// every component of the value holds. Each component has its test.
func (x *elements) holds(c *param.Composite, tests []tester, v *query.Value, entries []index.Entry) bool {
	x.groups = x.groups[:0]
	first, all := true, true
	for i, part := range c.Components {
		x.holding = x.holding[:0]
		for j := range entries {
			e := &entries[j]
			if s := param.StreamOf(part.Streams, e.Param); s != nil && tests[i].holds(s, &v.Parts[i], e) {
				x.holding = append(x.holding, e.Group)
			}
		}
		switch {
		case part.Anywhere:
			all = all && len(x.holding) > 0
		case first:
			x.groups, first = append(x.groups, x.holding...), false
		default:
			slices.Sort(x.holding) // a resource may have very many
			x.groups = slices.DeleteFunc(x.groups, func(g uint32) bool {
				_, both := slices.BinarySearch(x.holding, g)
				return !both
			})
		}
	}
	return all && (first || len(x.groups) > 0)
}
