package search

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A decision says of which of the resources that a version contains a condition
// holds. What the index answers for all versions it answers from the values of one.
// The result is the caller's.
type decision func(o *outer) ([]bool, error)

// decide prepares a condition on contained resources of type t for decisions. What
// has to be searched for in the store is searched for now.
func (ev *evaluation) decide(t schema.TypeID, c condition) (decision, error) {
	switch c := c.(type) {
	case *match:
		return ev.decideMatch(t, c)
	case *chain:
		return ev.decideChain(t, c)
	case *combination:
		return ev.decideCombination(t, c)
	case *negation:
		held, err := ev.decide(t, c.of)
		return opposite(t, held), err
	case *phrase:
		return ev.decideWords(t, c.param, c.words)
	}
	// A *reverse: nothing but its container refers to a contained resource.
	return constant(t, false), nil
}

// constant is the decision that holds of all contained resources of a type, or of none.
func constant(t schema.TypeID, holds bool) decision {
	return func(o *outer) ([]bool, error) {
		set := make([]bool, len(o.inner))
		for i := range o.inner {
			set[i] = holds && o.inner[i].typ == t
		}
		return set, nil
	}
}

// each is the decision that asks a test of every contained resource of a type. cost is
// what the test costs for each value of the resource.
func (ev *evaluation) each(t schema.TypeID, cost int, holds func(in *inner) (bool, error)) decision {
	return func(o *outer) ([]bool, error) {
		set := make([]bool, len(o.inner))
		for i := range o.inner {
			in := &o.inner[i]
			if in.typ != t {
				continue
			}
			err := ev.charge(cost * len(in.entries))
			if err == nil {
				set[i], err = holds(in)
			}
			if err != nil {
				return nil, err
			}
		}
		return set, nil
	}
}

// any is the decision that asks a test of the values that every contained resource of
// a type has for a parameter, until it holds of one. cost is what the test costs.
func (ev *evaluation) any(t schema.TypeID, p *param, cost int, holds func(e *index.Entry) bool) decision {
	return ev.each(t, 1, func(in *inner) (bool, error) {
		for i := range in.entries {
			e := &in.entries[i]
			if !p.knows(e.Param) {
				continue
			}
			if err := ev.charge(cost); err != nil {
				return false, err
			}
			if holds(e) {
				return true, nil
			}
		}
		return false, nil
	})
}

// opposite is the decision that holds of a type where another does not.
func opposite(t schema.TypeID, of decision) decision {
	return func(o *outer) ([]bool, error) {
		set, err := of(o)
		for i := range set {
			set[i] = !set[i] && o.inner[i].typ == t
		}
		return set, err
	}
}

// merge is the decision that merges those of several, one after the other, into what
// a first one says.
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
func allHold(a, b bool) bool  { return a && b }

func (ev *evaluation) decideCombination(t schema.TypeID, c *combination) (decision, error) {
	parts := make([]decision, len(c.of))
	for i, one := range c.of {
		var err error
		if parts[i], err = ev.decide(t, one); err != nil {
			return nil, err
		}
	}
	if c.all {
		return merge(constant(t, true), parts, allHold), nil
	}
	return merge(constant(t, false), parts, anyHolds), nil
}

func (ev *evaluation) decideMatch(t schema.TypeID, m *match) (decision, error) {
	switch {
	case m.param.special == specialNear:
		return ev.decideNear(t, m)
	case m.param.special == specialWords:
		return ev.decideWords(t, m.param, m.phrases()...)
	case m.modifier == modNot || m.modifier == modNotIn:
		positive := *m
		positive.modifier = plain
		if m.modifier == modNotIn {
			positive.modifier = modIn
		}
		held, err := ev.decideMatch(t, &positive)
		return opposite(t, held), err
	case m.param.special == specialID:
		return ev.each(t, len(m.values), func(in *inner) (bool, error) {
			if m.modifier == modMissing {
				return (in.id == "") == m.missing, nil
			}
			return slices.ContainsFunc(m.values, func(v value) bool { return v.code == in.id }), nil
		}), nil
	case m.param.special != specialNone: // a contained resource has no time of its own (FHIR R4 dom-4)
		return constant(t, m.modifier == modMissing && m.missing), nil
	}
	p := ev.registry.insideParam(m.param)
	if m.modifier == modMissing {
		present := ev.any(t, p, 0, func(*index.Entry) bool { return true })
		if m.missing {
			return opposite(t, present), nil
		}
		return present, nil
	}
	p.streams, p.aside = p.seen(m.modifier), nil
	switch kind := p.row.Type; {
	case kind == schema.ParamComposite:
		return ev.decideComposite(t, p, m), nil
	case kind == schema.ParamToken && (m.modifier == modIn || m.modifier.ranked()):
		return ev.decideTerminology(t, p, m)
	case kind == schema.ParamReference && m.modifier.ranked():
		return ev.decideRelated(t, p, m)
	}
	return ev.any(t, p, len(m.values), func(e *index.Entry) bool {
		for i := range m.values {
			if ev.holds(p, m.modifier, &m.values[i], e) {
				return true
			}
		}
		return false
	}), nil
}

// knows reports whether values of a stream are values of the parameter.
func (p *param) knows(number index.Param) bool {
	is := func(s *stream) bool { return s.id == number }
	return slices.ContainsFunc(p.streams, is) || slices.ContainsFunc(p.aside, is)
}

func (ev *evaluation) decideComposite(t schema.TypeID, p *param, m *match) decision {
	var scratch elements
	return ev.each(t, 1, func(in *inner) (bool, error) {
		for i := range p.composites {
			for j := range m.values {
				if ev.elementHolds(&scratch, &p.composites[i], &m.values[j], in.entries) {
					return true, nil
				}
				if err := ev.charge(len(in.entries)); err != nil {
					return false, err
				}
			}
		}
		return false, nil
	})
}

// decideTerminology decides by the codes that the value sets and code systems of the
// store give, of which there may be many.
func (ev *evaluation) decideTerminology(t schema.TypeID, p *param, m *match) (decision, error) {
	codes, err := ev.codes(m)
	if err != nil {
		return nil, err
	}
	stored := newCodeSet() // in the case in which the streams have them
	stored.whole = codes.whole
	for c := range codes.codes {
		if c.system != "" {
			stored.add(c.system, foldCode(c.code, schema.CaseSensitive(c.system)))
			continue
		}
		stored.add("", foldCode(c.code, true))
		stored.add("", foldCode(c.code, false))
	}
	return ev.any(t, p, costOfCode, func(e *index.Entry) bool { return stored.has(coding{e.System, e.Code}) }), nil
}

func (ev *evaluation) decideRelated(t schema.TypeID, p *param, m *match) (decision, error) {
	entities, err := ev.relatedEntities(m)
	if err != nil {
		return nil, err
	}
	return ev.any(t, p, len(m.values), func(e *index.Entry) bool {
		if ev.among(entities, e) {
			return true
		}
		for i := range m.values {
			v := &m.values[i]
			if v.canonical() && slices.ContainsFunc(p.streams, func(s *stream) bool { return s.relatedVersion(m.modifier, v, e) }) {
				return true
			}
		}
		return false
	}), nil
}

// among reports whether a value is a reference to one of a set of entities.
func (ev *evaluation) among(entities *roaring.Bitmap, e *index.Entry) bool {
	if e.Kind != index.KindReference {
		return false
	}
	entity, ok := ev.view.Entity(e.Type, e.ID)
	return ok && entities.Contains(uint32(entity))
}

// decideNear reads the positions from the resource, as those of other Locations are.
func (ev *evaluation) decideNear(t schema.TypeID, m *match) (decision, error) {
	return ev.eachNode(t, 1, m.near)
}

// eachNode is the decision that asks a test of the node of every contained resource of
// a type, in the version as it is stored. cost is what the test costs for each byte.
func (ev *evaluation) eachNode(t schema.TypeID, cost int, holds func(*fhirjson.Document, fhirjson.Index) bool) (decision, error) {
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
		set := make([]bool, len(o.inner))
		i := 0
		for n := range members(&doc, 0, "contained") {
			if i < len(set) && o.inner[i].typ == t {
				set[i] = holds(&doc, n)
			}
			i++
		}
		return set, nil
	}, nil
}

// decideChain goes on from a contained resource: to resources of the store, to others
// that the same version contains, and to the version itself ("#").
func (ev *evaluation) decideChain(t schema.TypeID, c *chain) (decision, error) {
	p := ev.registry.insideParam(c.param)
	inUse, _, err := ev.inUse(p, nil)
	if err != nil {
		return nil, err
	}
	canonical := &param{streams: inUse}
	entities, texts := roaring.New(), map[string]struct{}{}
	for _, branch := range c.branches {
		targets, err := ev.visible(branch.typ, branch.next)
		if err != nil {
			return nil, err
		}
		entities.Or(ev.view.EntitiesOf(targets))
		err = ev.citing(inUse, branch.typ, targets, func(_ uint32, _ *stream, text string) error {
			texts[text] = struct{}{}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	siblings, err := ev.decideBranches(c)
	if err != nil {
		return nil, err
	}
	return func(o *outer) ([]bool, error) {
		leads, err := siblings(o)
		if err != nil {
			return nil, err
		}
		self := entities.Contains(uint32(ev.view.EntityOf(o.ordinal)))
		return ev.any(t, p, 1, func(e *index.Entry) bool {
			if i, ok := o.find(e); ok {
				return leads[i]
			}
			if e.Kind != index.KindReferenceText {
				return ev.among(entities, e)
			}
			_, cited := texts[e.Exact]
			return self && e.Exact == "#" || cited && canonical.knows(e.Param)
		})(o)
	}, nil
}

// decideBranches decides of which contained resources the rest of a chain holds.
func (ev *evaluation) decideBranches(c *chain) (decision, error) {
	var parts []decision
	for _, branch := range c.branches {
		if ev.containers(branch.typ).Len() == 0 {
			continue
		}
		part, err := ev.decide(branch.typ, branch.next)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return merge(constant(0, false), parts, anyHolds), nil
}
