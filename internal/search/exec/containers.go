package exec

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/issue"
)

// containers returns the versions that contain a resource of a type.
func (ev *evaluation) containers(t schema.TypeID) index.Posting {
	return ev.view.Posting(ev.terms.Present(ev.registry.Head(t)))
}

// noCustomInside reports a custom parameter in a condition on contained resources,
// which have no values of it: no answer would be exact.
func noCustomInside(p *param.Param) error {
	return &param.QueryError{
		Part: p.Row.Code, Code: issue.NotSupported,
		Reason: "a custom search parameter, which contained resources have no values of, and the reference may lead to some",
	}
}

// fewTargets is how many targets of a chain are looked up one by one. With more
// targets, every reference counts as one to a target.
const fewTargets = 1024

// candidates goes back along the references of contained resources.
func (n *chainNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.param.Custom != nil {
		return nil, noCustomInside(n.param)
	}
	ev := n.ev
	streams := ev.registry.InsideParam(n.param).Streams
	canonical, _, err := ev.inUse(&param.Param{Streams: streams}, nil)
	if err != nil {
		return nil, err
	}
	var found []index.Posting
	for _, s := range streams {
		found = append(found, ev.view.Posting(ev.terms.ReferenceText(s.ID, "#")))
	}
	for _, b := range n.branches {
		targets, err := ev.reach(b)
		if err != nil {
			return nil, err
		}
		if targets.GetCardinality() > fewTargets {
			return ev.referring(streams, within)
		}
		for o := range roaring.Values(targets) {
			_, id := ev.view.Key(index.Ordinal(o))
			for _, s := range streams {
				found = append(found, ev.view.Posting(ev.referenceTerm(s, b.typ, id)))
			}
		}
		err = ev.cited(canonical, b.typ, targets, func(_ uint32, by index.Posting) error {
			found = append(found, by)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	set, err := ev.union(found, within)
	if err != nil {
		return nil, err
	}
	siblings, err := n.candidatesOfBranches(streams, within)
	if err != nil {
		return nil, err
	}
	set.Or(siblings)
	return set, nil
}

// referring returns the ordinals of within that have a value in one of the streams.
func (ev *evaluation) referring(streams []*param.Stream, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	return ev.union(ev.havingValues(streams), within)
}

// candidatesOfBranches returns the ordinals of within, or of all if it is nil, that
// have a reference in one of the streams from which the chain starts, and that may
// contain a resource for which the rest of the chain holds.
func (n *chainNode) candidatesOfBranches(from []*param.Stream, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	ev, set := n.ev, roaring.New()
	for _, b := range n.branches {
		containers := ev.containers(b.typ)
		if containers.Len() == 0 {
			continue
		}
		universe, err := ev.union([]index.Posting{containers}, within)
		if err != nil {
			return nil, err
		}
		if universe, err = ev.referring(from, universe); err != nil {
			return nil, err
		}
		if universe.IsEmpty() {
			continue
		}
		found, err := b.node.candidates(universe)
		if err != nil {
			return nil, err
		}
		set.Or(found)
	}
	return set, nil
}

// evaluateInside adds to set the visible ordinals of within, or of all if it is nil,
// whose reference leads to a contained resource for which the rest of the chain holds
// (FHIR R4 §3.1.1.5.5).
func (n *chainNode) evaluateInside(within, set *roaring.Bitmap) error {
	ev := n.ev
	candidates, err := n.candidatesOfBranches(n.param.Streams, within)
	if err != nil || candidates.IsEmpty() {
		return err
	}
	ev.view.RetainVisible(candidates)
	candidates.AndNot(set)
	decision, err := n.decideBranches()
	if err != nil {
		return err
	}
	return ev.decided(candidates, decision, func(o uint32, out *outer, holds []bool) error {
		entries, err := ev.withCustom(out, n.param.Streams)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(entries, func(e index.Entry) bool {
			if !n.param.Knows(e.Param) {
				return false
			}
			i, ok := out.find(&e)
			return ok && holds[i]
		}) {
			set.Add(o)
		}
		return nil
	})
}

// withCustom returns the values of a version, and after them its values in the streams
// of custom parameters. The result is valid as long as the result of outer.
func (ev *evaluation) withCustom(out *outer, streams []*param.Stream) ([]index.Entry, error) {
	ev.read = ev.read[:len(out.entries)]
	for i, s := range streams {
		if s.Place == nil || slices.ContainsFunc(streams[:i], func(before *param.Stream) bool { return before.Place == s.Place }) {
			continue
		}
		if err := ev.readPayload(ev.payloadsOf(s), out.ordinal); err != nil {
			return nil, err
		}
	}
	return ev.read, nil
}

// estimateInside guesses how much work evaluateInside is.
func (ev *evaluation) estimateInside(b *target) int {
	n := ev.containers(b.typ).Len()
	if n == 0 {
		return 0
	}
	if m, ok := b.of.(*query.Match); ok {
		inside := *m
		inside.Param = ev.registry.InsideParam(m.Param)
		if l, ok := ev.matchNode(b.typ, &inside).(*lookupNode); ok {
			n = min(n, total(l.found))
		}
	}
	return costOfBlock * n
}
