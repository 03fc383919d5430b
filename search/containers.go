package search

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// containers returns the versions that contain a resource of a type.
func (ev *evaluation) containers(t schema.TypeID) index.Posting {
	return ev.view.Posting(ev.terms.Present(ev.registry.head(t)))
}

// candidates returns those of within that may contain a resource of type t for which
// a condition holds: all for which it does. Whether it holds of one contained
// resource, and of the right one, a decision says. The result is
// shared and must not be changed.
func (ev *evaluation) candidates(t schema.TypeID, c condition, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	switch c := c.(type) {
	case *match:
		return ev.candidatesOfMatch(t, c, within)
	case *chain:
		return ev.candidatesOfChain(c, within)
	case *combination:
		return ev.together(c.all, c.of, within, func(one condition, within *roaring.Bitmap) (*roaring.Bitmap, error) {
			return ev.candidates(t, one, within)
		})
	case *negation: // whatever it is, it is asked whether it can be decided
		_, err := ev.candidates(t, c.of, within)
		return within, err
	case *phrase:
		return ev.candidatesOfWords(t, within, c.words)
	}
	return roaring.New(), nil // a *reverse, which never holds
}

func (ev *evaluation) candidatesOfMatch(t schema.TypeID, m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	switch {
	case m.param.custom != nil:
		return nil, noCustomInside(m.param)
	case m.modifier == modNot || m.modifier == modNotIn || m.modifier == modMissing && m.missing:
		return within, nil
	case m.param.special == specialID && m.modifier == plain:
		var found []index.Posting
		for _, v := range m.values {
			found = append(found, ev.view.Posting(ev.terms.Token(ev.registry.head(t), "", v.code)))
		}
		return ev.union(found, within)
	case m.param.special == specialWords:
		return ev.candidatesOfWords(t, within, m.phrases()...)
	case m.param.special != specialNone:
		return within, nil
	}
	inside := *m
	inside.param = ev.registry.insideParam(m.param)
	for i := range inside.param.composites { // a decision looks at the elements
		inside.param.composites[i].grouped = false
	}
	if m.param.row.Type == schema.ParamReference && m.modifier.ranked() {
		inside.modifier = modMissing // any reference may be the one: there are no edges
	}
	return ev.match(t, &inside, within)
}

// noCustomInside reports a custom parameter that is asked of contained resources,
// which have no values of it: no answer would be exact.
func noCustomInside(p *param) error {
	return &QueryError{
		Part: p.row.Code, Code: issue.NotSupported,
		Reason: "a custom search parameter, which contained resources have no values of, and the reference may lead to some",
	}
}

// fewTargets is how many targets of a chain are looked up one by one. Of more, any
// reference may be to one.
const fewTargets = 1024

// candidatesOfChain goes back along the references of contained resources.
func (ev *evaluation) candidatesOfChain(c *chain, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if c.param.custom != nil {
		return nil, noCustomInside(c.param)
	}
	streams := ev.registry.insideParam(c.param).streams
	canonical, _, err := ev.inUse(&param{streams: streams}, nil)
	if err != nil {
		return nil, err
	}
	var found []index.Posting
	for _, s := range streams {
		found = append(found, ev.view.Posting(ev.terms.ReferenceText(s.id, "#")))
	}
	for _, branch := range c.branches {
		targets, err := ev.visible(branch.typ, branch.next)
		if err != nil {
			return nil, err
		}
		if targets.GetCardinality() > fewTargets {
			return ev.referring(streams, within)
		}
		for o := range roaring.Values(targets) {
			_, id := ev.view.Key(index.Ordinal(o))
			for _, s := range streams {
				found = append(found, ev.view.Posting(ev.referenceTerm(s, branch.typ, id)))
			}
		}
		err = ev.cited(canonical, branch.typ, targets, func(_ uint32, by index.Posting) error {
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
	siblings, err := ev.candidatesOfBranches(c, streams, within)
	if err != nil {
		return nil, err
	}
	set.Or(siblings)
	return set, nil
}

// referring returns those of within that have a value in one of the streams.
func (ev *evaluation) referring(streams []*stream, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	var found []index.Posting
	for _, s := range streams {
		found = append(found, ev.view.Posting(ev.terms.Present(s.id)))
	}
	return ev.union(found, within)
}

// candidatesOfBranches returns those of within, or of all if it is nil, that may
// contain what the rest of a chain holds of, and that have a reference in one of the
// streams from which the chain starts.
func (ev *evaluation) candidatesOfBranches(c *chain, from []*stream, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, branch := range c.branches {
		containers := ev.containers(branch.typ)
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
		found, err := ev.candidates(branch.typ, branch.next, universe)
		if err != nil {
			return nil, err
		}
		set.Or(found)
	}
	return set, nil
}

// chainInside adds to set the visible ones of within, or of all if it is nil, whose
// reference leads to a resource that they contain, for which the chain goes on to
// hold (FHIR R4 §3.1.1.5.5).
func (ev *evaluation) chainInside(c *chain, within, set *roaring.Bitmap) error {
	candidates, err := ev.candidatesOfBranches(c, c.param.streams, within)
	if err != nil || candidates.IsEmpty() {
		return err
	}
	ev.view.RetainVisible(candidates)
	candidates.AndNot(set)
	decision, err := ev.decideBranches(c)
	if err != nil {
		return err
	}
	for o := range roaring.Values(candidates) {
		out, err := ev.outer(index.Ordinal(o))
		if err != nil {
			return err
		}
		holds, err := decision(out)
		if err != nil {
			return err
		}
		entries, err := ev.withCustom(out, c.param)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(entries, func(e index.Entry) bool {
			if !c.param.knows(e.Param) {
				return false
			}
			i, ok := out.find(&e)
			return ok && holds[i]
		}) {
			set.Add(o)
		}
	}
	return nil
}

// withCustom returns the values of a version and those that it has of a custom
// parameter. The result is good as long as that of outer.
func (ev *evaluation) withCustom(out *outer, p *param) ([]index.Entry, error) {
	for i, s := range p.streams {
		if s.place == nil || slices.ContainsFunc(p.streams[:i], func(before *stream) bool { return before.place == s.place }) {
			continue
		}
		if err := ev.readPayload(ev.payloadsOf(s), out.ordinal); err != nil {
			return nil, err
		}
	}
	return ev.read, nil
}

// estimateInside guesses how much work chainInside is.
func (ev *evaluation) estimateInside(branch chainBranch) int {
	n := ev.containers(branch.typ).Len()
	if n == 0 {
		return 0
	}
	if m, ok := branch.next.(*match); ok {
		inside := *m
		inside.param = ev.registry.insideParam(m.param)
		if postings, ok := ev.postings(&inside); ok {
			n = min(n, total(postings))
		}
	}
	return costOfBlock * n
}
