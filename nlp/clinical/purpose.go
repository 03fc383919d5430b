package clinical

import (
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/nlp"
)

// A purpose is the use of a condition's name that says nothing about the patient.
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

// purposes looks at the conditions of a clause that stand inside a test, a screening or an
// immunization, and makes mentions of these instead. It drops conditions that stand inside
// a name or a plan, and mentions that say that there is nothing.
func (r *reading) purposes(c *clause) {
	kept := c.mentions[:0]
	for _, m := range c.mentions {
		floor := int(c.First)
		if len(kept) > 0 {
			floor = max(floor, kept[len(kept)-1].last)
		}
		if len(kept) > 0 && kept[len(kept)-1].rule == ruleAround && m.first < floor {
			continue // inside a mention that was widened
		}
		switch {
		case m.category == nlp.Medication && m.last < int(c.Last) && isLevel(r.note.Word(m.last)):
			m.become(nlp.TestProcedure, testName, m.first, m.last+1)
		case m.category != nlp.Condition:
		case r.isNoAllergy(m, c) || r.isSeason(m, c):
			continue
		default:
			p, first, last := r.purpose(m, c, floor)
			switch p {
			case otherPurpose:
				continue
			case screening:
				m.become(nlp.TestProcedure, testName, first, last)
			case vaccine:
				m.become(nlp.Medication, genericName, first, last)
			case vaccination:
				m.become(nlp.TestProcedure, treatmentName, first, last)
			}
		}
		kept = append(kept, m)
	}
	c.mentions = kept
}

// ruleAround is the rule of mentions that were widened around a term.
const ruleAround = "purpose: around a term"

// become makes a mention one of another category, around its term.
func (m *mention) become(c nlp.Category, kind string, first, last int) {
	*m = mention{first: first, last: last, category: c, kind: kind, score: 0.9, rule: ruleAround}
}

// purpose returns the purpose of a condition's name, and the tokens of the name with the
// words that show it. Tokens before floor belong to another mention.
func (r *reading) purpose(m *mention, c *clause, floor int) (p purpose, first, last int) {
	if j := m.last; j < int(c.Last) {
		if w := r.note.Word(j); w == "virus" || w == "risk" || w == "-" {
			j++
		}
		if j < int(c.Last) {
			if p := purposeAfter(r.note.Word(j)); p != noPurpose {
				return p, m.first, j + 1
			}
			if r.isGiven(j, int(c.Last)) {
				return vaccine, m.first, m.last
			}
			if r.isPlan(j, int(c.Last)) {
				return otherPurpose, m.first, m.last
			}
		}
	}
	if r.isImmunization(m, c) {
		return vaccine, m.first, m.last
	}
	p, first = r.purposeBefore(m.first, floor)
	return p, first, m.last
}

// isGiven reports whether the words from token i on say that the patient is immune to the
// condition before them: "tetanus UTD", "tetanus is up to date", "rubella immune".
func (r *reading) isGiven(i, last int) bool {
	if i < last {
		switch r.note.Word(i) {
		case "is", "was", "status", ":", "-", "vaccine":
			i++
		}
	}
	if i >= last {
		return false
	}
	switch r.note.Word(i) {
	case "utd", "immune", "nonimmune":
		return true
	case "up":
		return i+2 < last && r.note.Word(i+2) == "date"
	}
	return false
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
func (r *reading) isImmunization(m *mention, c *clause) bool {
	if c.section.Kind == note.Immunizations {
		return true
	}
	for i := m.first - 1; i >= max(int(c.First), m.first-maxList); i-- {
		if r.note.Word(i) == ":" {
			for k := i - 1; k >= max(int(c.First), i-4); k-- {
				switch r.note.Word(k) {
				case "immunizations", "vaccinations", "vaccines", "immunisations", "shots":
					return true
				}
			}
			return false
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
func (r *reading) isNoAllergy(m *mention, c *clause) bool {
	switch r.note.Word(m.last - 1) {
	case "allergies", "allergy", "allergic":
	default:
		return false
	}
	for i := m.first; i >= max(int(c.First), m.first-6); i-- {
		switch r.note.Word(i) {
		case "known":
			return true
		case "no":
			return c.section.Kind == note.Allergies
		case ",", ";", ":":
			return false
		}
	}
	return false
}

// isSeason reports whether "fall" is a time of the year.
func (r *reading) isSeason(m *mention, c *clause) bool {
	if r.note.Word(m.first) != "fall" || m.last != m.first+1 || m.first == int(c.First) {
		return false
	}
	switch r.note.Word(m.first - 1) {
	case "last", "this", "next", "each", "every", "in", "early", "late", "since", "until":
		return true
	case "the":
		return m.first > int(c.First)+1 && r.note.Word(m.first-2) == "in"
	}
	return false
}
