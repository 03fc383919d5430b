package search

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// matched is what the nodes of all conditions on one parameter have in common.
type matched struct {
	ev  *evaluation
	typ schema.TypeID // of the resources
	*match
}

// pure holds where the parameter's streams are of one type. Streams that all types
// share hold for others as well; what a negative condition leaves of a set was in the
// set.
func (n *matched) pure() bool {
	return n.param.special == specialNone && n.param.row.Base == n.match.typ && !n.negative()
}

// negative reports whether the match is about what has not a value.
func (m *match) negative() bool {
	return m.modifier == modNot || m.modifier == modNotIn || m.modifier == modMissing && m.missing
}

// all guesses the work of subtracting from all resources of the type, which comes last.
func (n *matched) all() int { return 2*n.ev.everything(n.typ) + 1 }

// inside returns the match on a parameter of contained resources where n is on one of
// those that contain them.
func (n *matched) inside() *match {
	inside := *n.match
	inside.param = n.ev.registry.insideParam(n.param)
	for i := range inside.param.composites { // a decision looks at the elements
		inside.param.composites[i].grouped = false
	}
	return &inside
}

// outside reports a parameter that contained resources have no values of.
func (n *matched) outside() error {
	if n.param.custom != nil {
		return noCustomInside(n.param)
	}
	return nil
}

// among returns within, or the error of outside.
func (n *matched) among(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if err := n.outside(); err != nil {
		return nil, err
	}
	return within, nil
}

// candidates asks the streams of contained resources for what the node asks of others.
func (n *matched) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if err := n.outside(); err != nil {
		return nil, err
	}
	return n.ev.matchNode(n.typ, n.inside()).evaluate(within)
}

// anyValue is the decision that asks a test of each value of the query and each that a
// resource has in the streams that the modifier looks at.
func (n *matched) anyValue(about subject, holds func(s *stream, v *value, e *index.Entry) bool) (decision, error) {
	p := n.ev.paramOf(about, n.param)
	p.streams, p.aside = p.seen(n.modifier), nil
	return n.ev.any(about, n.typ, p, len(n.values), func(s *stream, e *index.Entry) bool {
		for i := range n.values {
			if holds(s, &n.values[i], e) {
				return true
			}
		}
		return false
	}), nil
}

// A tester is the node of a match that one stored value decides. Negations and what has
// to be looked up first (hierarchies, terminology) are none.
type tester interface {
	// holds reports whether a value of a resource, in a stream of the parameter, satisfies
	// a value of the query.
	holds(s *stream, v *value, e *index.Entry) bool
}

// name returns the name that a match would have in a query.
func (m *match) name() string {
	name := m.param.row.Code
	if name == "" { // of a part of a composite
		name = m.param.row.Name
	}
	if modifier := m.modifier.String(); modifier != "" {
		name += ":" + modifier
	}
	return name
}

// A notNode is a match with :not.
type notNode struct {
	matched
	positive node
}

func (n *notNode) estimate() int { return n.all() }

func (n *notNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	held, err := n.positive.evaluate(within)
	if err != nil {
		return nil, err
	}
	return n.ev.except(n.typ, held, within)
}

func (n *notNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) { return n.among(within) }

func (n *notNode) decide(about subject) (decision, error) {
	held, err := n.positive.decide(about)
	return opposite(about, n.typ, held), err
}

func (n *notNode) explain() (string, Way) { return n.name(), ByRest }

// A missingNode is a match with :missing. The texts that only :text looks at, and the
// identifiers of references, are values too.
type missingNode struct{ matched }

func (n *missingNode) estimate() int {
	if n.param.special != specialNone {
		return 0
	}
	if !n.missing {
		return total(n.present())
	}
	return n.all()
}

func (n *missingNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.param.special != specialNone { // every resource has an id and a time
		if n.missing {
			return roaring.New(), nil
		}
		return n.ev.except(n.typ, roaring.New(), within)
	}
	set, err := n.ev.union(n.present(), within)
	if err != nil || !n.missing {
		return set, err
	}
	return n.ev.except(n.typ, set, within)
}

// present returns the postings of those that have a value.
func (n *missingNode) present() []index.Posting {
	return n.ev.havingValues(n.param.streams, n.param.aside)
}

// havingValues returns the postings of what has a value in one of some streams.
func (ev *evaluation) havingValues(lists ...[]*stream) []index.Posting {
	var present []index.Posting
	for _, streams := range lists {
		for _, s := range streams {
			present = append(present, ev.view.Posting(ev.terms.Present(s.id)))
		}
	}
	return present
}

func (n *missingNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.missing || n.param.special != specialNone {
		return n.among(within)
	}
	return n.matched.candidates(within)
}

func (n *missingNode) decide(about subject) (decision, error) {
	switch n.param.special {
	case specialNone:
	case specialID:
		return n.ev.each(about, n.typ, len(n.values), func(_ *outer, in *inner) (bool, error) { return (in.id == "") == n.missing, nil }), nil
	default: // a contained resource has no time of its own (FHIR R4 dom-4)
		return constant(about, n.typ, n.missing == (about == contained)), nil
	}
	present := n.ev.any(about, n.typ, n.ev.paramOf(about, n.param), 0, func(*stream, *index.Entry) bool { return true })
	if n.missing {
		return opposite(about, n.typ, present), nil
	}
	return present, nil
}

func (n *missingNode) explain() (string, Way) {
	switch {
	case n.missing:
		return n.name(), ByRest
	case n.param.special != specialNone:
		return n.name(), ByTable
	}
	return n.name(), ByPostings
}
