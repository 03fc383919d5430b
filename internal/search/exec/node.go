package exec

import (
	"cmp"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// A node is one condition on the resources of one type, compiled for one search. Each
// kind of condition has its own type of node. A node belongs to its evaluation and to
// one goroutine.
type node interface {
	// estimate guesses how many ordinals evaluate looks at.
	estimate() int
	// evaluate returns the ordinals for which the condition holds: those among within,
	// or all if within is nil. Superseded versions may be among them. The result is the
	// caller's; within stays as it is.
	evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error)
	// candidates returns the ordinals of within that may contain a resource of the
	// node's type for which the condition holds. It leaves out none that does. The
	// result is shared and must not be changed.
	candidates(within *roaring.Bitmap) (*roaring.Bitmap, error)
	// decide prepares decisions about a version or its contained resources. It makes
	// the searches in the store that the decisions need.
	decide(about subject) (decision, error)
	// pure reports whether the condition holds for resources of the node's type alone.
	pure() bool
	// explain returns the condition's name as a query has it, and the way to its
	// answer.
	explain() (name string, by search.Way)
}

// wrap meters a node, so that the search ends when time or cost is used up, and
// observes it if a plan is wanted. part is the condition's name in the query, "" for
// the node's own name.
func (ev *evaluation) wrap(n node, t schema.TypeID, part string) node {
	n = &metered{n, ev.meter}
	if ev.explained != nil {
		n = &observed{n, ev, t, part}
	}
	return n
}

// A metered node does no work once the search's cost limit or time is used up.
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

// An observed node notes its work in the plan.
type observed struct {
	node
	ev   *evaluation
	typ  schema.TypeID
	part string
}

func (n *observed) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	name, way := n.explain()
	s := search.Step{Type: n.typ.String(), Part: cmp.Or(n.part, name), Way: way, Estimate: n.estimate()}
	plan := n.ev.explained
	outer := plan.steps
	plan.steps = &s.Steps
	start := time.Now()
	found, err := n.node.evaluate(within)
	s.Time = time.Since(start)
	plan.steps = outer
	if err == nil {
		// What all types share may have found versions of other types, which go later.
		s.Found = int(n.ev.view.OfType(index.TypeID(n.typ)).Intersect(found).GetCardinality())
		*outer = append(*outer, s)
	}
	return found, err
}

// cheapestFirst returns nodes that must all hold in the order of their estimates.
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
