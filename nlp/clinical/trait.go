package clinical

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/clinical/assertion"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/nlp"
)

// assert gives a mention its traits.
func (r *reading) assert(m *mention, section *note.Section) {
	if m.category == nlp.Anatomy {
		return
	}
	m.assertion = r.context.Of(m.first, m.last)
	if m.category == nlp.TestProcedure {
		// "Troponin was negative" is a result, not an absence of the test.
		m.assertion = slices.DeleteFunc(m.assertion, func(e assertion.Evidence) bool {
			return slices.ContainsFunc(m.attributes, func(a attribute) bool {
				return a.kind == testValue && e.First < a.last && a.first < e.Last
			})
		})
	}
	if m.category == nlp.Condition {
		m.traits = append(m.traits, sortOf(m, section)...)
	}
	for _, t := range m.assertion.Traits() {
		t.Score = round(t.Score)
		m.traits = append(m.traits, t)
	}
	if m.entry == nil {
		return
	}
	for flag, trait := range flagTraits {
		if m.entry.Flags.Has(flag) && !slices.ContainsFunc(m.traits, func(t nlp.Trait) bool { return t.Name == trait }) {
			m.traits = append(m.traits, nlp.Trait{Name: trait, Score: 0.95})
		}
	}
}

// flagTraits are traits that a term says itself, by flag of the vocabulary.
var flagTraits = map[string]string{"family": nlp.PertainsToFamily, "past": nlp.PastHistory}

// sortOf tells whether a condition is a diagnosis, a sign or a symptom.
func sortOf(m *mention, section *note.Section) []nlp.Trait {
	symptom, sign := m.entry.Flags.Has("symptom"), m.entry.Flags.Has("sign")
	switch {
	case m.entry.Flags.Has("social"):
		return nil
	case symptom && sign:
		if section.Kind == note.Exam || section.Kind == note.Findings || section.Kind == note.Imaging || section.Kind == note.Vitals {
			return []nlp.Trait{{Name: nlp.Sign, Score: 0.9}}
		}
		return []nlp.Trait{{Name: nlp.Symptom, Score: 0.85}}
	case symptom:
		return []nlp.Trait{{Name: nlp.Symptom, Score: 0.95}}
	case sign:
		return []nlp.Trait{{Name: nlp.Sign, Score: 0.95}}
	}
	return []nlp.Trait{{Name: nlp.Diagnosis, Score: 0.95}}
}
