package clinical

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
	"github.com/fhirlake/fhirlake/nlp"
)

// findings makes the answer of all mentions.
func (r *reading) findings() *nlp.Findings {
	all := make([]*mention, 0, len(r.mentions)+len(r.times)+len(r.rest))
	all = append(append(all, r.mentions...), r.times...)
	if !r.withoutPHI {
		all = append(all, r.rest...)
	}
	slices.SortStableFunc(all, func(a, b *mention) int { return a.first - b.first })
	ids := make(map[*mention]int, len(all))
	for i, m := range all {
		ids[m] = i
	}
	f := &nlp.Findings{Entities: make([]nlp.Entity, 0, len(all)), ICD10CM: []nlp.Entity{}, RxNorm: []nlp.Entity{}, ModelVersion: r.version}
	next := len(all) // the id of the next attribute that is no entity
	for i, m := range all {
		e := r.entity(m, i)
		for k, a := range m.attributes {
			if a.of != nil {
				e.Attributes[k].ID = ids[a.of]
			} else {
				e.Attributes[k].ID = next
				next++
			}
		}
		f.Entities = append(f.Entities, e)
		if m.entry == nil {
			continue
		}
		switch e.Category {
		case nlp.Condition:
			if c := r.concepts(m, vocabulary.ICD10CM); len(c) > 0 {
				f.ICD10CM = append(f.ICD10CM, numbered(e, len(f.ICD10CM), c, nil))
			}
		case nlp.Medication:
			if c := r.concepts(m, vocabulary.RxNorm); len(c) > 0 {
				f.RxNorm = append(f.RxNorm, numbered(e, len(f.RxNorm), nil, c))
			}
		}
	}
	return f
}

// numbered returns an entity with concepts, numbered anew, as an entity of another list.
// Its attributes are numbered from 0 for each entity.
func numbered(e nlp.Entity, id int, icd, rx []nlp.Concept) nlp.Entity {
	e.ID, e.ICD10CMConcepts, e.RxNormConcepts = id, icd, rx
	e.Attributes = slices.Clone(e.Attributes)
	for i := range e.Attributes {
		e.Attributes[i].ID = i
	}
	return e
}

// entity makes the entity of a mention.
func (r *reading) entity(m *mention, id int) nlp.Entity {
	e := nlp.Entity{ID: id, Text: r.note.Span(m.first, m.last), Category: m.category, Type: m.kind, Score: m.score, Traits: m.traits}
	e.BeginOffset, e.EndOffset = r.offsets(m.first, m.last)
	if e.Traits == nil {
		e.Traits = []nlp.Trait{}
	}
	slices.SortStableFunc(m.attributes, func(a, b attribute) int { return a.first - b.first })
	e.Attributes = make([]nlp.Attribute, len(m.attributes))
	for i, a := range m.attributes {
		made := nlp.Attribute{Type: a.kind, Score: a.score, RelationshipScore: a.relation, RelationshipType: a.relationship,
			Text: r.note.Span(a.first, a.last), Category: a.category, Traits: []nlp.Trait{}}
		made.BeginOffset, made.EndOffset = r.offsets(a.first, a.last)
		if a.of != nil && a.of.traits != nil {
			made.Traits = a.of.traits
		}
		e.Attributes[i] = made
	}
	e.Evidence = make([]nlp.Evidence, 0, 1+len(m.assertion))
	e.Evidence = append(e.Evidence, nlp.Evidence{Rule: m.rule, BeginOffset: e.BeginOffset, EndOffset: e.EndOffset})
	for _, a := range m.assertion {
		begin, end := r.offsets(a.First, a.Last)
		e.Evidence = append(e.Evidence, nlp.Evidence{Rule: a.Rule, BeginOffset: begin, EndOffset: end})
	}
	return e
}

// offsets returns the code points of the tokens [first, last).
func (r *reading) offsets(first, last int) (begin, end int) {
	if first >= last {
		return 0, 0
	}
	return r.note.CodePoint(int(r.note.Tokens[first].Start)), r.note.CodePoint(int(r.note.Tokens[last-1].End))
}

// concepts returns the concepts of a system that a mention may mean, best first. Of a
// medication, its ingredients are always among them.
func (r *reading) concepts(m *mention, system vocabulary.System) []nlp.Concept {
	var all []nlp.Concept
	factor := m.score
	add := func(id string) {
		if len(all) < maxConcepts && !slices.ContainsFunc(all, func(c nlp.Concept) bool { return c.Code == id }) {
			all = append(all, nlp.Concept{Code: id, Description: r.names[code{system, id}], Score: round(factor * rankFactor(len(all)))})
		}
	}
	take := func(e *vocabulary.Entry) {
		if e.System != system {
			return
		}
		for i, id := range e.Codes {
			if add(id); i == 0 {
				for _, id := range e.Flags.List("generic") {
					add(id)
				}
			}
		}
		for i := range all {
			if all[i].Description == "" {
				all[i].Description = e.Term
			}
		}
	}
	take(m.entry)
	for i := range m.senses {
		if s := &m.senses[i]; s.Entry != m.entry && s.Entry.Kind == m.entry.Kind {
			factor *= secondSense
			take(s.Entry)
		}
	}
	return all
}
