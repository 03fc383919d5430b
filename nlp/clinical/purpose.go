package clinical

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/nlp"
)

// A purpose is what a condition's name is used for, when the name says nothing about the
// patient.
type purpose uint8

const (
	noPurpose purpose = iota
	screening
	vaccine
	vaccination
	otherPurpose
)

// purposeAfter returns the purpose that a word gives to the condition before it.
func purposeAfter(word string) purpose {
	switch word {
	case "screening", "screen", "screens", "screenings", "questionnaire", "inventory", "serology", "serologies", "titer", "titers":
		return screening
	case "vaccine", "vaccines", "shot", "shots", "booster", "toxoid", "jab":
		return vaccine
	case "vaccination", "vaccinations", "immunization", "immunizations", "immunisation", "inoculation":
		return vaccination
	case "education", "clinic", "counseling", "counselling", "prevention", "awareness", "educator", "society", "foundation", "management plan", "specialist", "precautions", "ward", "service", "pamphlet", "handout":
		return otherPurpose
	}
	return noPurpose
}

// purposeBefore returns the purpose that the words before token i give to the condition
// there, and the token where they begin.
func (r *reading) purposeBefore(i, floor int) (purpose, int) {
	if i-1 < floor {
		return noPurpose, i
	}
	j := i - 1
	switch r.note.Word(j) {
	case "for", "against":
	default:
		return noPurpose, i
	}
	if j--; j < floor {
		return noPurpose, i
	}
	switch r.note.Word(j) {
	case "screening", "screen", "screened", "screens", "screenings":
		return screening, j
	case "vaccine", "vaccines", "booster":
		return vaccine, j
	case "vaccination", "vaccinated", "vaccinate", "immunized", "immunization", "immunizations", "immunised", "immune":
		return vaccination, j
	}
	return noPurpose, i
}

// purposes looks at the conditions among the mentions from begin on that stand inside a
// test, a screening or an immunization, and makes these what is mentioned. It returns the
// mentions that are left.
func (r *reading) purposes(begin int, s *note.Sentence) []*mention {
	changed := false
	for i := begin; i < len(r.mentions); i++ {
		m := r.mentions[i]
		if m.category == nlp.Medication && m.last < int(s.Last) && isLevel(r.note.Word(m.last)) {
			m.last++
			m.category, m.kind = nlp.TestProcedure, testName
			m.senses, m.score, m.rule = nil, 0.9, "purpose: level of a medication"
			changed = true
			continue
		}
		if m.category != nlp.Condition {
			continue
		}
		if r.isNoAllergy(m, s) || r.isSeason(m, s) {
			m.entry = nil
			changed = true
			continue
		}
		floor := int(s.First)
		if i > begin {
			floor = r.mentions[i-1].last
		}
		p, first, last := noPurpose, m.first, m.last
		if m.last < int(s.Last) {
			j := m.last
			if w := r.note.Word(j); w == "virus" || w == "risk" || w == "-" {
				j++
			}
			if j < int(s.Last) {
				if p = purposeAfter(r.note.Word(j)); p != noPurpose {
					last = j + 1
				} else if r.isPlan(j, int(s.Last)) {
					p = otherPurpose
				}
			}
		}
		if p == noPurpose && r.isImmunization(m, s) {
			p = vaccine
		}
		if p == noPurpose {
			p, first = r.purposeBefore(m.first, floor)
		}
		if p == noPurpose {
			continue
		}
		changed = true
		if p == otherPurpose {
			m.entry = nil
			continue
		}
		m.first, m.last = first, last
		m.senses, m.score, m.rule = nil, 0.9, "purpose: around a condition"
		switch p {
		case screening:
			m.category, m.kind = nlp.TestProcedure, testName
		case vaccine:
			m.category, m.kind = nlp.Medication, genericName
		case vaccination:
			m.category, m.kind = nlp.TestProcedure, treatmentName
		}
	}
	if changed {
		kept := r.mentions[:begin]
		for _, m := range r.mentions[begin:] {
			overlapped := len(kept) > begin && kept[len(kept)-1].last > m.first
			if m.entry == nil || overlapped {
				continue
			}
			if m.senses == nil {
				m.entry = nil
			}
			kept = append(kept, m)
		}
		r.mentions = slices.Clip(kept)
	}
	return r.mentions[begin:]
}

// isPlan reports whether the words from token i on name a plan or teaching about the
// condition before them: "self-management plan", "care education".
func (r *reading) isPlan(i, last int) bool {
	switch r.note.Word(i) {
	case "self", "management", "care", "action", "clinical", "treatment", "medication", "disease":
	default:
		return false
	}
	for k := i; k < min(i+5, last); k++ {
		switch r.note.Word(k) {
		case "plan", "education", "program":
			return true
		}
	}
	return false
}

// isImmunization reports whether a mention stands in a list of immunizations.
func (r *reading) isImmunization(m *mention, s *note.Sentence) bool {
	if r.note.Sections[s.Section].Kind == note.Immunizations {
		return true
	}
	for i := m.first - 1; i >= max(int(s.First), m.first-maxList); i-- {
		if r.note.Word(i) == ":" {
			switch r.note.Word(max(i-1, 0)) {
			case "immunizations", "vaccinations", "vaccines", "immunisations":
				return true
			}
		}
	}
	return false
}

// maxList is the number of tokens that a list of immunizations is looked back through.
const maxList = 60

// isLevel reports whether a word after a medication makes both a test.
func isLevel(word string) bool {
	switch word {
	case "level", "levels", "trough", "troughs", "assay":
		return true
	}
	return false
}

// isNoAllergy reports whether a mention of allergies says that there are none: "No Known
// Allergies", "no known drug allergies".
func (r *reading) isNoAllergy(m *mention, s *note.Sentence) bool {
	switch r.note.Word(m.last - 1) {
	case "allergies", "allergy", "allergic":
	default:
		return false
	}
	for i := m.first; i >= max(int(s.First), m.first-6); i-- {
		switch r.note.Word(i) {
		case "known":
			return true
		case "no":
			return r.note.Sections[s.Section].Kind == note.Allergies
		case ",", ";", ":":
			return false
		}
	}
	return false
}

// isSeason reports whether "fall" is a time of the year.
func (r *reading) isSeason(m *mention, s *note.Sentence) bool {
	if r.note.Word(m.first) != "fall" || m.last != m.first+1 || m.first == int(s.First) {
		return false
	}
	switch r.note.Word(m.first - 1) {
	case "last", "this", "next", "each", "every", "in", "early", "late", "since", "until":
		return true
	case "the":
		return m.first > int(s.First)+1 && r.note.Word(m.first-2) == "in"
	}
	return false
}
