package exec

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// costOfJoin is how many times more a step of a chain costs than a posting.
const costOfJoin = 4

// A chainNode is a condition on the resource to which a reference leads.
type chainNode struct {
	ev       *evaluation
	typ      schema.TypeID
	param    *param.Param
	branches []*target // one for each type that the reference may lead to
}

func (ev *evaluation) chainNode(t schema.TypeID, c *query.Chain) *chainNode {
	n := &chainNode{ev: ev, typ: t, param: c.Param}
	for _, b := range c.Branches {
		n.branches = append(n.branches, ev.target(b.Type, b.Next))
	}
	return n
}

func (n *chainNode) estimate() (sum int) {
	for _, b := range n.branches {
		sum += costOfJoin*b.node.estimate() + n.ev.estimateInside(b)
	}
	return sum
}

// evaluate finds the targets first and goes back along the references. If fewer
// candidates are left than there are targets, it goes forth from the candidates.
func (n *chainNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, b := range n.branches {
		targets, err := n.ev.reach(b)
		if err != nil {
			return nil, err
		}
		if targets.IsEmpty() {
			continue
		}
		entities := n.ev.view.EntitiesOf(targets)
		for _, s := range n.param.Streams {
			edges := n.ev.view.References(s.ID)
			if within != nil && within.GetCardinality() < entities.GetCardinality() {
				err = n.ev.forth(edges, entities, within, set)
			} else {
				err = n.ev.back(edges, entities, set)
			}
			if err != nil {
				return nil, err
			}
		}
		if err := n.ev.chainByURL(n.param, b.typ, targets, within, set); err != nil {
			return nil, err
		}
	}
	if within != nil {
		set.And(within)
	}
	return set, n.evaluateInside(within, set)
}

func (n *chainNode) pure() bool { return true }

func (n *chainNode) explain() (string, search.Way) { return n.param.Row.Code + ".", search.ByJoin }

func (ev *evaluation) forth(edges index.References, entities, within, set *roaring.Bitmap) error {
	if err := ev.charge(columnWork(edges.Len(), within)); err != nil {
		return err
	}
	for o, target := range edges.Edges(within) {
		if entities.Contains(uint32(target)) {
			set.Add(uint32(o))
		}
	}
	return nil
}

func (ev *evaluation) back(edges index.References, entities, set *roaring.Bitmap) error {
	if err := ev.charge(int(entities.GetCardinality())); err != nil {
		return err
	}
	sources := edges.Sources(entities)
	set.Or(sources)
	return ev.charge(int(sources.GetCardinality()))
}

// A hasNode is _has: a condition on a resource that refers to the resource.
type hasNode struct {
	ev  *evaluation
	typ schema.TypeID
	*query.Reverse
	sources *target
}

func (n *hasNode) estimate() int { return costOfJoin * n.sources.node.estimate() }

func (n *hasNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	sources, err := n.ev.reach(n.sources)
	if err != nil {
		return nil, err
	}
	entities := roaring.New()
	for _, s := range n.Param.Streams {
		if err := n.ev.charge(int(sources.GetCardinality())); err != nil {
			return nil, err
		}
		entities.Or(n.ev.view.References(s.ID).Targets(sources))
	}
	set := n.ev.view.CurrentOf(entities)
	if err := n.ev.reverseByURL(n.Param, n.typ, sources, within, set); err != nil {
		return nil, err
	}
	if within != nil {
		set.And(within)
		return set, nil
	}
	return n.ev.view.OfType(index.TypeID(n.typ)).Intersect(set), nil
}

// candidates returns none: nothing but its container refers to a contained resource.
func (n *hasNode) candidates(*roaring.Bitmap) (*roaring.Bitmap, error) { return roaring.New(), nil }

// decide looks at the present references to the resource, for every version of it.
func (n *hasNode) decide(about subject) (decision, error) {
	if about == contained {
		return constant(about, n.typ, false), nil
	}
	set, err := n.evaluate(nil)
	if err != nil {
		return nil, err
	}
	entities := n.ev.view.EntitiesOf(set)
	return n.ev.each(about, n.typ, 1, func(o *outer, _ *inner) (bool, error) {
		return entities.Contains(uint32(n.ev.view.EntityOf(o.ordinal))), nil
	}), nil
}

func (n *hasNode) pure() bool { return false }

func (n *hasNode) explain() (string, search.Way) {
	return "_has:" + n.Source.String() + ":" + n.Param.Row.Code, search.ByJoin
}
