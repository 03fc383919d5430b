package exec

import (
	"cmp"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// A node is one condition on the resources of one type, compiled for one search. Each
// kind of condition is one type of node. A node belongs to the evaluation that compiled
// it, and to its goroutine.
type node interface {
	// estimate guesses how many ordinals evaluate looks at.
	estimate() int
	// evaluate returns the ordinals for which the condition holds: those among within,
	// or all if within is nil. Superseded versions may be among them. The result is the
	// caller's; within stays as it is.
	evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error)
	// candidates returns those of within that may contain a resource of the node's type
	// for which the condition holds: none that does is left out. The result is shared
	// and must not be changed.
	candidates(within *roaring.Bitmap) (*roaring.Bitmap, error)
	// decide prepares decisions about a version or what it contains. What has to be
	// searched for in the store is searched for now.
	decide(about subject) (decision, error)
	// pure reports whether the condition holds for resources of the node's type alone.
	pure() bool
	// explain returns the condition's name as a query would have it, and what it is
	// answered from.
	explain() (name string, by search.Way)
}

// wrap puts around a node what every search does beside answering: it ends where time
// or cost is up, and it is observed where a plan is wanted. part is the name that the
// query has for the condition, "" for the node's own.
func (ev *evaluation) wrap(n node, t schema.TypeID, part string) node {
	n = &metered{n, ev.meter}
	if ev.explained != nil {
		n = &observed{n, ev.explained, t, part}
	}
	return n
}

// A metered node does no work in a search whose cost or time is up.
type metered struct {
	node
	meter *meter
}

func (n *metered) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if err := n.meter.charge(0); err != nil {
		return nil, err
	}
	return n.node.evaluate(within)
}

// An observed node says in the plan what it did.
type observed struct {
	node
	plan *explanation
	typ  schema.TypeID
	part string
}

func (n *observed) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	name, way := n.explain()
	s := search.Step{Type: n.typ.String(), Part: cmp.Or(n.part, name), Way: way, Estimate: n.estimate()}
	outer := n.plan.steps
	n.plan.steps = &s.Steps
	start := time.Now()
	found, err := n.node.evaluate(within)
	s.Time = time.Since(start)
	n.plan.steps = outer
	if err == nil {
		s.Found = int(found.GetCardinality())
		*outer = append(*outer, s)
	}
	return found, err
}

// cheapestFirst returns nodes that must all hold in the order in which to evaluate
// them.
func cheapestFirst(nodes []node) []node {
	if len(nodes) < 2 {
		return nodes
	}
	type planned struct {
		node
		cost int
	}
	plan := make([]planned, len(nodes))
	for i, n := range nodes {
		plan[i] = planned{n, n.estimate()}
	}
	slices.SortStableFunc(plan, func(a, b planned) int { return a.cost - b.cost })
	ordered := make([]node, len(plan))
	for i, p := range plan {
		ordered[i] = p.node
	}
	return ordered
}
