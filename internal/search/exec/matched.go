package exec

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// matched is the common part of nodes of conditions on one parameter.
type matched struct {
	ev  *evaluation
	typ schema.TypeID // of the resources
	*query.Match
}

// pure reports whether the parameter's streams are of one type. Streams that all types
// share also hold for other types, and a negative condition only keeps members of its
// set.
func (n *matched) pure() bool {
	return n.Param.Special == param.SpecialNone && n.Param.Row.Base == n.Match.Type && !n.Negative()
}

// all estimates the work of subtracting from all resources of the type, so that such
// nodes come last.
func (n *matched) all() int { return 2*n.ev.everything(n.typ) + 1 }

// inside returns the match on contained resources that corresponds to n.
func (n *matched) inside() *query.Match {
	inside := *n.Match
	inside.Param = n.ev.registry.InsideParam(n.Param)
	for i := range inside.Param.Composites { // a decision looks at the elements
		inside.Param.Composites[i].Grouped = false
	}
	return &inside
}

// outside reports a parameter without values in contained resources.
func (n *matched) outside() error {
	if n.Param.Custom != nil {
		return noCustomInside(n.Param)
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

// candidates evaluates the node's condition on the streams of contained resources.
func (n *matched) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if err := n.outside(); err != nil {
		return nil, err
	}
	return n.ev.matchNode(n.typ, n.inside()).evaluate(within)
}

// anyValue is the decision that runs a test on each value of the query and each value
// of a resource in the modifier's streams.
func (n *matched) anyValue(about subject, holds func(s *param.Stream, v *query.Value, e *index.Entry) bool) (decision, error) {
	p := n.ev.paramOf(about, n.Param)
	p.Streams, p.Aside = p.Seen(n.Modifier), nil
	return n.ev.any(about, n.typ, p, len(n.Values), func(s *param.Stream, e *index.Entry) bool {
		for i := range n.Values {
			if holds(s, &n.Values[i], e) {
				return true
			}
		}
		return false
	}), nil
}

// A tester is the node of a match that one stored value decides. Negations, hierarchies
// and terminology are no testers.
type tester interface {
	// holds reports whether a value of a resource, in a stream of the parameter, satisfies
	// a value of the query.
	holds(s *param.Stream, v *query.Value, e *index.Entry) bool
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

func (n *notNode) explain() (string, search.Way) { return n.Name(), search.ByRest }

// A missingNode is a match with :missing. Texts for :text and identifiers of references
// are values too.
type missingNode struct{ matched }

func (n *missingNode) estimate() int {
	if n.Param.Special != param.SpecialNone {
		return 0
	}
	if !n.Missing {
		return total(n.present())
	}
	return n.all()
}

func (n *missingNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.Param.Special != param.SpecialNone { // every resource has an id and a time
		if n.Missing {
			return roaring.New(), nil
		}
		return n.ev.except(n.typ, roaring.New(), within)
	}
	set, err := n.ev.union(n.present(), within)
	if err != nil || !n.Missing {
		return set, err
	}
	return n.ev.except(n.typ, set, within)
}

// present returns the postings of the versions that have a value.
func (n *missingNode) present() []index.Posting {
	return n.ev.havingValues(n.Param.Streams, n.Param.Aside)
}

// havingValues returns the postings of the versions that have a value in one of some
// streams.
func (ev *evaluation) havingValues(lists ...[]*param.Stream) []index.Posting {
	var present []index.Posting
	for _, streams := range lists {
		for _, s := range streams {
			present = append(present, ev.view.Posting(ev.terms.Present(s.ID)))
		}
	}
	return present
}

func (n *missingNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.Missing || n.Param.Special != param.SpecialNone {
		return n.among(within)
	}
	return n.matched.candidates(within)
}

func (n *missingNode) decide(about subject) (decision, error) {
	switch n.Param.Special {
	case param.SpecialNone:
	case param.SpecialID:
		return n.ev.each(about, n.typ, len(n.Values), func(_ *outer, in *inner) (bool, error) { return (in.id == "") == n.Missing, nil }), nil
	default: // a contained resource has no time of its own (FHIR R4 dom-4)
		return constant(about, n.typ, n.Missing == (about == contained)), nil
	}
	present := n.ev.any(about, n.typ, n.ev.paramOf(about, n.Param), 0, func(*param.Stream, *index.Entry) bool { return true })
	if n.Missing {
		return opposite(about, n.typ, present), nil
	}
	return present, nil
}

func (n *missingNode) explain() (string, search.Way) {
	switch {
	case n.Missing:
		return n.Name(), search.ByRest
	case n.Param.Special != param.SpecialNone:
		return n.Name(), search.ByTable
	}
	return n.Name(), search.ByPostings
}
