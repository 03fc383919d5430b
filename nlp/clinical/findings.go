package clinical

import (
	"slices"

	"github.com/fhirlake/fhirlake/nlp"
)

// findings makes findings of all mentions.
func (r *reading) findings() *nlp.Findings {
	r.list = append(append(r.list[:0], r.mentions...), r.times...)
	for _, m := range r.rest {
		if m.category != nlp.PHI || !r.withoutPHI {
			r.list = append(r.list, m)
		}
	}
	all := r.list
	slices.SortStableFunc(all, func(a, b *mention) int { return a.first - b.first })
	attributes, evidence, concepts, conditions, medications := 0, 0, 0, 0, 0
	for i, m := range all {
		m.id = i
		attributes += len(m.attributes)
		evidence += 1 + len(m.assertion)
		if m.term != nil && len(m.term.concepts) > 0 {
			concepts += len(m.term.concepts)
			if len(m.senses) > 1 {
				concepts += maxConcepts
			}
			switch m.category {
			case nlp.Condition:
				conditions++
			case nlp.Medication:
				medications++
			}
		}
	}
	w := writer{reading: r, attributes: make([]nlp.Attribute, 0, attributes), evidence: make([]nlp.Evidence, 0, evidence), next: len(all),
		room: make([]nlp.Concept, 0, concepts)}
	f := &nlp.Findings{
		Entities:     make([]nlp.Entity, len(all)),
		ICD10CM:      make([]nlp.Entity, 0, conditions),
		RxNorm:       make([]nlp.Entity, 0, medications),
		ModelVersion: r.version,
	}
	for i, m := range all {
		e := &f.Entities[i]
		w.entity(e, m)
		if m.term == nil || len(m.term.concepts) == 0 {
			continue
		}
		switch e.Category {
		case nlp.Condition:
			f.ICD10CM = append(f.ICD10CM, *e)
			e = &f.ICD10CM[len(f.ICD10CM)-1]
			e.ID, e.ICD10CMConcepts = len(f.ICD10CM)-1, w.concepts(m)
		case nlp.Medication:
			f.RxNorm = append(f.RxNorm, *e)
			e = &f.RxNorm[len(f.RxNorm)-1]
			e.ID, e.RxNormConcepts = len(f.RxNorm)-1, w.concepts(m)
		}
	}
	return f
}

// A writer makes entities of mentions. The slices of all entities lie in a few arrays.
type writer struct {
	*reading
	attributes []nlp.Attribute
	evidence   []nlp.Evidence
	room       []nlp.Concept
	next       int // the id of the next attribute that is no entity
}

// entity makes the entity of a mention.
func (w *writer) entity(e *nlp.Entity, m *mention) {
	e.ID, e.Text, e.Category, e.Type, e.Score, e.Traits = m.id, w.note.Span(m.first, m.last), m.category, m.kind, m.score, m.traits
	e.BeginOffset, e.EndOffset = w.offsets(m.first, m.last)
	if e.Traits == nil {
		e.Traits = []nlp.Trait{}
	}
	if len(m.attributes) > 1 {
		slices.SortStableFunc(m.attributes, func(a, b attribute) int { return a.first - b.first })
	}
	first := len(w.attributes)
	for i := range m.attributes {
		a := &m.attributes[i]
		w.attributes = append(w.attributes, nlp.Attribute{Type: a.kind, Score: a.score, RelationshipScore: a.relation, RelationshipType: a.relationship,
			ID: w.next, Text: w.note.Span(a.first, a.last), Category: a.category, Traits: []nlp.Trait{}})
		made := &w.attributes[len(w.attributes)-1]
		made.BeginOffset, made.EndOffset = w.offsets(a.first, a.last)
		if a.of == nil {
			w.next++
			continue
		}
		made.ID = a.of.id
		if a.of.traits != nil {
			made.Traits = a.of.traits
		}
	}
	e.Attributes = w.attributes[first:len(w.attributes):len(w.attributes)]
	first = len(w.evidence)
	w.evidence = append(w.evidence, nlp.Evidence{Rule: m.rule, BeginOffset: e.BeginOffset, EndOffset: e.EndOffset})
	for i := range m.assertion {
		a := &m.assertion[i]
		begin, end := w.offsets(a.First, a.Last)
		w.evidence = append(w.evidence, nlp.Evidence{Rule: a.Rule, BeginOffset: begin, EndOffset: end})
	}
	e.Evidence = w.evidence[first:len(w.evidence):len(w.evidence)]
}

// offsets returns the code points of the tokens [first, last).
func (r *reading) offsets(first, last int) (begin, end int) {
	if first >= last {
		return 0, 0
	}
	return r.note.CodePoint(int(r.note.Tokens[first].Start)), r.note.CodePoint(int(r.note.Tokens[last-1].End))
}

// concepts returns the concepts of a mention, best first: the concepts of its term, then
// those of other terms of the same kind.
func (w *writer) concepts(m *mention) []nlp.Concept {
	first := len(w.room)
	side := w.side(m)
	add := func(t *term, factor float64) {
		for i := range t.concepts {
			c := t.concepts[t.ranked(i, side)]
			n := len(w.room) - first
			if n < maxConcepts && !slices.ContainsFunc(w.room[first:], func(o nlp.Concept) bool { return o.Code == c.Code }) {
				c.Score = round(factor * rankFactors[n])
				w.room = append(w.room, c)
			}
		}
	}
	factor := m.score
	add(m.term, factor)
	for i := range m.senses {
		if t := &w.terms[m.senses[i].Number]; t != m.term && t.category == m.category {
			factor *= secondSense
			add(t, factor)
		}
	}
	return w.room[first:len(w.room):len(w.room)]
}
