package clinical

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/clinical/value"
	"github.com/fhirlake/fhirlake/nlp"
)

// timesOf finds the expressions of time of a sentence and ties each to the term that
// stands nearest before it, or else to the nearest after it.
func (r *reading) timesOf(c *clause) {
	tied := func(m *mention) bool { return m.category != nlp.Anatomy }
	if !slices.ContainsFunc(c.mentions, tied) {
		return
	}
	for _, t := range value.Times(nil, r.note, int(c.First), int(c.Last)) {
		var of *mention
		for _, m := range c.mentions {
			if m.overlaps(t.First, t.Last) || slices.ContainsFunc(m.attributes, func(a attribute) bool { return a.first < t.Last && t.First < a.last }) {
				of = nil
				break
			}
			if tied(m) && (of == nil || m.first < t.First) {
				of = m
			}
		}
		if of == nil {
			continue
		}
		when := r.scratch.mention()
		*when = mention{first: t.First, last: t.Last, category: nlp.Time, kind: "TIME_TO_" + of.kind, score: 0.9, rule: "time"}
		r.attach(when, attribute{first: of.first, last: of.last, category: of.category, kind: of.kind, relationship: overlap, score: of.score, relation: 0.9, of: of})
		r.attach(of, attribute{first: t.First, last: t.Last, category: nlp.Time, kind: when.kind, relationship: overlap, score: 0.9, relation: 0.9, of: when})
		r.times = append(r.times, when)
	}
}
