package exec

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A subject is the kind of resource on which a decision decides.
type subject uint8

const (
	contained subject = iota // the resources that a version contains
	itself                   // the version
)

// A decision reports, for each subject in a version, whether a condition holds. It
// decides from the values of the version, without the index. The result is the
// caller's.
type decision func(o *outer) ([]bool, error)

// constant is the decision that holds for all resources of a type, or for none.
func constant(about subject, t schema.TypeID, holds bool) decision {
	return func(o *outer) ([]bool, error) {
		of := o.subjects(about)
		set := make([]bool, len(of))
		for i := range of {
			set[i] = holds && of[i].typ == t
		}
		return set, nil
	}
}

// each is the decision that runs a test on every resource of a type. cost is the cost
// of the test for each value of the resource.
func (ev *evaluation) each(about subject, t schema.TypeID, cost int, holds func(o *outer, in *inner) (bool, error)) decision {
	return func(o *outer) ([]bool, error) {
		of := o.subjects(about)
		set := make([]bool, len(of))
		for i := range of {
			in := &of[i]
			if in.typ != t {
				continue
			}
			err := ev.charge(cost * len(in.entries))
			if err == nil {
				set[i], err = holds(o, in)
			}
			if err != nil {
				return nil, err
			}
		}
		return set, nil
	}
}

// any is the decision that runs a test on the parameter's values of every resource of a
// type, until it holds for one value. cost is the cost of the test.
func (ev *evaluation) any(about subject, t schema.TypeID, p *param.Param, cost int, holds func(s *param.Stream, e *index.Entry) bool) decision {
	return ev.each(about, t, 1, func(o *outer, in *inner) (bool, error) {
		entries, err := ev.entriesOf(o, in, p.Streams)
		if err != nil {
			return false, err
		}
		for i := range entries {
			e := &entries[i]
			s := p.Stream(e.Param)
			if s == nil {
				continue
			}
			if err := ev.charge(cost); err != nil {
				return false, err
			}
			if holds(s, e) {
				return true, nil
			}
		}
		return false, nil
	})
}

// entriesOf returns the values of a resource, with its values of custom parameters in
// some streams.
func (ev *evaluation) entriesOf(o *outer, in *inner, streams []*param.Stream) ([]index.Entry, error) {
	custom := func(s *param.Stream) bool { return s.Place != nil }
	if in != &o.self[0] || !slices.ContainsFunc(streams, custom) {
		return in.entries, nil
	}
	all, err := ev.withCustom(o, streams)
	if err != nil {
		return nil, err
	}
	return append(slices.Clip(in.entries), all[len(o.entries):]...), nil
}

// paramOf returns a parameter that looks at the values of a subject.
func (ev *evaluation) paramOf(about subject, p *param.Param) *param.Param {
	if about == contained {
		return ev.registry.InsideParam(p)
	}
	same := *p
	return &same
}

// opposite is the decision that holds for the resources of a type for which another
// does not.
func opposite(about subject, t schema.TypeID, from decision) decision {
	return func(o *outer) ([]bool, error) {
		set, err := from(o)
		of := o.subjects(about)
		for i := range set {
			set[i] = !set[i] && of[i].typ == t
		}
		return set, err
	}
}

// merge is the decision that merges the results of parts, one after the other, into the
// result of first.
func merge(first decision, parts []decision, one func(a, b bool) bool) decision {
	return func(o *outer) ([]bool, error) {
		set, err := first(o)
		for _, part := range parts {
			held, err := part(o)
			if err != nil {
				return nil, err
			}
			for i := range held {
				set[i] = one(set[i], held[i])
			}
		}
		return set, err
	}
}

func anyHolds(a, b bool) bool { return a || b }

func allHold(a, b bool) bool { return a && b }

// among reports whether a value is a reference to one of a set of entities.
func (ev *evaluation) among(entities *roaring.Bitmap, e *index.Entry) bool {
	if e.Kind != index.KindReference {
		return false
	}
	entity, ok := ev.view.Entity(e.Type, e.ID)
	return ok && entities.Contains(uint32(entity))
}

// eachNode is the decision that runs a test on the tape's node of every resource of a
// type, in the stored version. cost is the cost of the test for each byte.
func (ev *evaluation) eachNode(about subject, t schema.TypeID, cost int, holds func(*fhirjson.Document, fhirjson.Index) bool) (decision, error) {
	if ev.documents == nil {
		return nil, errNoDocuments
	}
	var doc fhirjson.Document
	return func(o *outer) ([]bool, error) {
		if err := ev.documents(o.ordinal, &doc); err != nil {
			return nil, err
		}
		if err := ev.charge(costOfBlock + cost*len(doc.Source)); err != nil {
			return nil, err
		}
		if about == itself {
			return []bool{o.self[0].typ == t && holds(&doc, 0)}, nil
		}
		set := make([]bool, len(o.inner))
		i := 0
		for n := range doc.Members(0, "contained") {
			if i < len(set) && o.inner[i].typ == t {
				set[i] = holds(&doc, n)
			}
			i++
		}
		return set, nil
	}, nil
}

// decide follows the references of a resource: to resources of the store, to contained
// resources, and from a contained resource to its container ("#").
func (n *chainNode) decide(about subject) (decision, error) {
	ev := n.ev
	p := ev.paramOf(about, n.param)
	inUse, _, err := ev.inUse(p, nil)
	if err != nil {
		return nil, err
	}
	if about == itself { // also of versions whose values were swept
		inUse = p.Canonicals()
	}
	canonical := &param.Param{Streams: inUse}
	entities, texts := roaring.New(), map[string]struct{}{}
	for _, b := range n.branches {
		targets, err := ev.reach(b)
		if err != nil {
			return nil, err
		}
		entities.Or(ev.view.EntitiesOf(targets))
		err = ev.citing(about, inUse, b.typ, targets, func(_ uint32, _ *param.Stream, text string) error {
			texts[text] = struct{}{}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	siblings, err := n.decideBranches()
	if err != nil {
		return nil, err
	}
	return func(o *outer) ([]bool, error) {
		leads, err := siblings(o)
		if err != nil {
			return nil, err
		}
		self := about == contained && entities.Contains(uint32(ev.view.EntityOf(o.ordinal)))
		return ev.any(about, n.typ, p, 1, func(_ *param.Stream, e *index.Entry) bool {
			if i, ok := o.find(e); ok {
				return leads[i]
			}
			if e.Kind != index.KindReferenceText {
				return ev.among(entities, e)
			}
			_, cited := texts[e.Exact]
			return self && e.Exact == "#" || cited && canonical.Knows(e.Param)
		})(o)
	}, nil
}

// decideBranches decides for which contained resources the rest of a chain holds.
func (n *chainNode) decideBranches() (decision, error) {
	var parts []decision
	for _, b := range n.branches {
		if n.ev.containers(b.typ).Len() == 0 {
			continue
		}
		part, err := b.node.decide(contained)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return merge(constant(contained, 0, false), parts, anyHolds), nil
}
