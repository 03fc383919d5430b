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
		if m.category != nlp.Condition {
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
				} else if r.note.Word(j) == "self" || r.note.Word(j) == "management" || r.note.Word(j) == "care" || r.note.Word(j) == "action" {
					for k := j; k < min(j+4, int(s.Last)); k++ {
						if w := r.note.Word(k); w == "plan" || w == "education" {
							p = otherPurpose
						}
					}
				}
			}
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
