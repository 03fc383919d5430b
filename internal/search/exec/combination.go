package exec

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// An allNode holds if all of several conditions hold for one resource.
type allNode struct {
	ev  *evaluation
	typ schema.TypeID
	of  []node
}

func (n *allNode) estimate() int {
	if len(n.of) == 0 {
		return 0
	}
	costs := make([]int, len(n.of))
	for i, one := range n.of {
		costs[i] = one.estimate()
	}
	return slices.Min(costs)
}

func (n *allNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	return one(cheapestFirst(n.of), within, node.evaluate)
}

func (n *allNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	return one(n.of, within, node.candidates)
}

// one asks nodes one after the other, each with the ordinals that the nodes before
// leave of within. The result may be within itself.
func one(nodes []node, within *roaring.Bitmap, ask func(node, *roaring.Bitmap) (*roaring.Bitmap, error)) (*roaring.Bitmap, error) {
	set := within
	for _, n := range nodes {
		found, err := ask(n, set)
		if err != nil || found.IsEmpty() {
			return found, err
		}
		set = found
	}
	return set, nil
}

func (n *allNode) decide(about subject) (decision, error) {
	parts, err := decideAll(about, n.of)
	return merge(constant(about, n.typ, true), parts, allHold), err
}

func decideAll(about subject, nodes []node) ([]decision, error) {
	parts := make([]decision, len(nodes))
	for i, n := range nodes {
		var err error
		if parts[i], err = n.decide(about); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func (n *allNode) pure() bool { return slices.ContainsFunc(n.of, node.pure) }

func (n *allNode) explain() (string, search.Way) { return "and", search.ByParts }

// An anyNode holds if any of several conditions holds for one resource.
type anyNode struct {
	ev  *evaluation
	typ schema.TypeID
	of  []node
}

func (n *anyNode) estimate() (sum int) {
	for _, one := range n.of {
		sum += one.estimate()
	}
	return sum
}

func (n *anyNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	return n.each(within, node.evaluate)
}

func (n *anyNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	return n.each(within, node.candidates)
}

// each returns the union of the nodes' answers within a set.
func (n *anyNode) each(within *roaring.Bitmap, ask func(node, *roaring.Bitmap) (*roaring.Bitmap, error)) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, one := range n.of {
		found, err := ask(one, within)
		if err != nil {
			return nil, err
		}
		set.Or(found)
		if err := n.ev.charge(int(found.GetCardinality())); err != nil {
			return nil, err
		}
	}
	return set, nil
}

func (n *anyNode) decide(about subject) (decision, error) {
	parts, err := decideAll(about, n.of)
	return merge(constant(about, n.typ, false), parts, anyHolds), err
}

func (n *anyNode) pure() bool {
	return !slices.ContainsFunc(n.of, func(one node) bool { return !one.pure() })
}

func (n *anyNode) explain() (string, search.Way) { return "or", search.ByParts }

// A restNode holds for the resources of a type for which a condition does not hold.
type restNode struct {
	ev  *evaluation
	typ schema.TypeID
	but node
}

func (n *restNode) estimate() int { return 2*n.ev.everything(n.typ) + 1 }

func (n *restNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	held, err := n.but.evaluate(within)
	if err != nil {
		return nil, err
	}
	return n.ev.except(n.typ, held, within)
}

// candidates returns all of within, if the condition can be decided.
func (n *restNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	_, err := n.but.candidates(within)
	return within, err
}

func (n *restNode) decide(about subject) (decision, error) {
	held, err := n.but.decide(about)
	return opposite(about, n.typ, held), err
}

func (n *restNode) pure() bool { return false }

func (n *restNode) explain() (string, search.Way) { return "not", search.ByRest }
