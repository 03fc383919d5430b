package clinical

import (
	"github.com/fhirlake/fhirlake/internal/clinical/dosage"
	"github.com/fhirlake/fhirlake/nlp"
)

// The scores of attributes of medications and of their ties.
const (
	dosageScore   = 0.97
	relationScore = 0.96
)

// dosages finds how the medications of the note are taken.
func (r *reading) dosages() {
	var drugs []dosage.Drug
	var of []*mention
	for _, m := range r.mentions {
		if m.category == nlp.Medication && (len(drugs) == 0 || drugs[len(drugs)-1].Last <= m.first) {
			drugs = append(drugs, dosage.Drug{First: m.first, Last: m.last})
			of = append(of, m)
		}
	}
	for _, a := range dosage.Attributes(r.note, drugs) {
		kind := a.Kind.String()
		r.attach(of[a.Drug], attribute{first: a.First, last: a.Last, category: nlp.Medication,
			kind: kind, relationship: kind, score: dosageScore, relation: relationScore})
	}
}
