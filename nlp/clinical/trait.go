package clinical

import (
	"slices"
	"strings"

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
	if m.category == nlp.Condition {
		m.assertion = slices.DeleteFunc(m.assertion, func(e assertion.Evidence) bool { return e.Trait == nlp.Future }) // "plan to evaluate for apnea"
	} else {
		m.assertion = slices.DeleteFunc(m.assertion, func(e assertion.Evidence) bool { return r.misses(m, e) })
	}
	if m.term != nil && m.term.chronic {
		// "Multiple sclerosis diagnosed two years ago" is not over.
		m.assertion = slices.DeleteFunc(m.assertion, func(e assertion.Evidence) bool {
			return e.Trait == nlp.PastHistory && (strings.HasSuffix(e.Rule, "ago") || strings.HasSuffix(e.Rule, "19#") || strings.HasSuffix(e.Rule, "last year"))
		})
	}
	if m.category == nlp.Condition {
		m.traits = natureOf(m, section)
	}
	for _, t := range m.assertion.Traits() {
		t.Score = round(t.Score)
		m.traits = append(m.traits, t)
	}
	if m.term == nil {
		return
	}
	for _, said := range m.term.traits {
		if !slices.ContainsFunc(m.traits, func(t nlp.Trait) bool { return t.Name == said.Name }) {
			m.traits = append(m.traits, said)
		}
	}
}

// misses reports whether evidence near a medication, test or procedure speaks of something
// else.
func (r *reading) misses(m *mention, e assertion.Evidence) bool {
	if e.Trait == nlp.LowConfidence && m.category == nlp.TestProcedure {
		return true // "probable pneumonia on chest radiograph"
	}
	if e.Trait == nlp.PastHistory && m.category == nlp.Medication {
		for _, cue := range []string{"section", "history", "post", "s / p", "s/p", "h / o", "h/o", "hx"} {
			if strings.Contains(strings.TrimPrefix(e.Rule, "history: "), cue) {
				return true // "history of gout on allopurinol"
			}
		}
	}
	if e.Trait == nlp.Hypothetical && m.category == nlp.Medication && (strings.HasPrefix(e.Rule, "hypothetical: prn") || strings.HasPrefix(e.Rule, "hypothetical: as needed") || strings.HasPrefix(e.Rule, "hypothetical: when necessary")) {
		return true // "prn pain: ibuprofen" is what is taken
	}
	if e.Trait == nlp.Hypothetical && (strings.Contains(e.Rule, "immuniz") || strings.Contains(e.Rule, "vaccin")) {
		return true // a vaccine was given; the rule speaks of the disease that it prevents
	}
	if slices.ContainsFunc(m.attributes, func(a attribute) bool { return a.kind == testValue && e.First < a.last && a.first < e.Last }) {
		return true // "troponin was negative" is a result
	}
	if m.first == 0 || e.Last > m.first-1 {
		return false
	}
	// The means stands after such words: "DVT ruled out by doppler", "prophylaxis for
	// malaria with doxycycline".
	switch r.note.Word(m.first - 1) {
	case "by", "with", "via", "per", "on":
		return e.Last < m.first-1 || r.note.Word(m.first-1) != "on"
	}
	return false
}

// natureOf tells whether a condition is a diagnosis, a sign or a symptom.
func natureOf(m *mention, section *note.Section) []nlp.Trait {
	t := m.term
	switch {
	case t.social:
		return nil
	case t.symptom && t.sign:
		switch section.Kind {
		case note.Exam, note.Findings, note.Imaging, note.Vitals:
			return []nlp.Trait{{Name: nlp.Sign, Score: 0.9}}
		}
		return []nlp.Trait{{Name: nlp.Symptom, Score: 0.85}}
	case t.symptom:
		return []nlp.Trait{{Name: nlp.Symptom, Score: 0.95}}
	case t.sign:
		return []nlp.Trait{{Name: nlp.Sign, Score: 0.95}}
	}
	return []nlp.Trait{{Name: nlp.Diagnosis, Score: 0.95}}
}
