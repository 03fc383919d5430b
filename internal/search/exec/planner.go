package exec

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// compile makes the node of a condition on resources of a type. part is the condition's
// name in the query, "" for its own name.
func (ev *evaluation) compile(t schema.TypeID, c query.Condition, part string) node {
	return ev.wrap(ev.choose(t, c), t, part)
}

// choose makes the node of a condition. It and matchNode choose the way to each answer.
func (ev *evaluation) choose(t schema.TypeID, c query.Condition) node {
	switch c := c.(type) {
	case *query.Match:
		return ev.matchNode(t, c)
	case *query.Chain:
		return ev.chainNode(t, c)
	case *query.Reverse:
		return &hasNode{ev, t, c, ev.target(c.Source, c.Next)}
	case *query.Combination:
		if c.All {
			return &allNode{ev, t, ev.compileAll(t, c.Of, nil)}
		}
		any := &anyNode{ev: ev, typ: t}
		for _, one := range c.Of {
			any.of = append(any.of, ev.compile(t, one, ""))
		}
		return any
	case *query.Negation:
		return &restNode{ev, t, ev.compile(t, c.Of, "")}
	default:
		return &phraseNode{ev, t, c.(*query.Phrase)}
	}
}

// compileAll makes the nodes of conditions that must all hold. Conditions on one date
// parameter are one node. parts are their names in the query, or nil.
func (ev *evaluation) compileAll(t schema.TypeID, of []query.Condition, parts []string) []node {
	nodes := make([]node, 0, len(of))
	var ranges []*dateNode
	for i, c := range of {
		n := ev.choose(t, c)
		if one, ok := n.(*dateNode); ok {
			same := func(r *dateNode) bool { return r.Param == one.Param }
			if at := slices.IndexFunc(ranges, same); at >= 0 {
				ranges[at].also = append(ranges[at].also, one.Match)
				continue
			}
			ranges = append(ranges, one)
		}
		part := ""
		if parts != nil {
			part = parts[i]
		}
		nodes = append(nodes, ev.wrap(n, t, part))
	}
	return nodes
}

// matchNode makes the node of a condition on a parameter of the resource itself.
func (ev *evaluation) matchNode(t schema.TypeID, m *query.Match) node {
	on := matched{ev, t, m}
	switch {
	case m.Param.Special == param.SpecialNear:
		return &nearNode{on}
	case m.Modifier == param.ModNot:
		positive := &query.Match{Type: m.Type, Param: m.Param, Values: m.Values}
		return &notNode{on, ev.compile(t, positive, "")}
	case m.Modifier == param.ModMissing:
		return &missingNode{on}
	case m.Param.Special == param.SpecialID:
		return &idNode{on}
	case m.Param.Special == param.SpecialLastUpdated:
		return &updatedNode{on}
	}
	if l := ev.lookupOf(m); l != nil {
		return &lookupNode{on, l, ev.postings(m, l)}
	}
	switch kind := m.Param.Row.Type; {
	case kind == schema.ParamToken && m.Modifier != param.ModText:
		return &terminologyNode{on}
	case kind == schema.ParamReference:
		return &hierarchyNode{on}
	case kind == schema.ParamDate:
		return &dateNode{matched: on}
	case kind == schema.ParamNumber || kind == schema.ParamQuantity:
		return &numberNode{on}
	case kind == schema.ParamComposite:
		return on.compositeNode()
	case m.AsWritten():
		return &writtenNode{textNode{on}}
	}
	return &textNode{on}
}

// conjunction returns the visible resources of a type for which all nodes hold, and
// which the filter of the view lets through. The node with the lowest estimate is
// evaluated over the whole index; each further node only looks at the remaining
// ordinals.
func (ev *evaluation) conjunction(t schema.TypeID, nodes []node) (*roaring.Bitmap, error) {
	if n := ev.allow(t); n != nil {
		nodes = append(slices.Clip(nodes), n)
	}
	var set *roaring.Bitmap
	for _, n := range cheapestFirst(nodes) {
		found, err := n.evaluate(set)
		if err != nil {
			return nil, err
		}
		if set = found; set.IsEmpty() {
			return set, nil
		}
	}
	ofType := ev.view.OfType(index.TypeID(t))
	if set == nil {
		set = ofType.Bitmap()
	} else if !slices.ContainsFunc(nodes, node.pure) {
		set = ofType.Intersect(set)
	}
	if err := ev.charge(int(set.GetCardinality())); err != nil {
		return nil, err
	}
	ev.view.RetainVisible(set)
	return set, nil
}

// A target is the resources of a type for which a condition holds, to which steps of a
// chain or of _has lead. Steps to the same resources share it.
type target struct {
	targetKey
	node    node
	reached *roaring.Bitmap // nil until it is asked for
}

// A targetKey tells targets apart.
type targetKey struct {
	typ schema.TypeID
	of  query.Condition
}

// target returns the resources of a type for which a condition holds.
func (ev *evaluation) target(t schema.TypeID, c query.Condition) *target {
	key := targetKey{t, c}
	known := ev.targets[key]
	if known == nil {
		known = &target{targetKey: key, node: ev.compile(t, c, "")}
		if ev.targets == nil {
			ev.targets = map[targetKey]*target{}
		}
		ev.targets[key] = known
	}
	return known
}

// reach returns the visible resources of a target. The result is shared and must not
// be changed.
func (ev *evaluation) reach(to *target) (*roaring.Bitmap, error) {
	if to.reached == nil {
		found, err := ev.conjunction(to.typ, []node{to.node})
		if err != nil {
			return nil, err
		}
		to.reached = found
	}
	return to.reached, nil
}
