package clinical

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/clinical/value"
	"github.com/fhirlake/fhirlake/nlp"
)

// timesOf finds the expressions of time of a clause outside its terms and their
// attributes, and ties each to the term that stands nearest before it, or else to the
// first one after it.
func (r *reading) timesOf(c *clause) {
	tied := func(m *mention) bool { return m.category != nlp.Anatomy }
	if !slices.ContainsFunc(c.mentions, tied) {
		return
	}
	times := value.Times(nil, r.note, int(c.First), int(c.Last))
	if times == nil {
		return
	}
	var taken []value.Span
	for _, m := range c.mentions {
		taken = append(taken, value.Span{First: m.first, Last: m.last})
		for _, a := range m.attributes {
			taken = append(taken, value.Span{First: a.first, Last: a.last})
		}
	}
	slices.SortFunc(taken, func(a, b value.Span) int { return a.First - b.First })
	var of *mention
	next := 0 // the first mention after the times so far
	for _, t := range times {
		for ; next < len(c.mentions) && (c.mentions[next].first < t.First || of == nil); next++ {
			if tied(c.mentions[next]) {
				of = c.mentions[next]
			}
		}
		for len(taken) > 0 && taken[0].Last <= t.First {
			taken = taken[1:]
		}
		if len(taken) > 0 && taken[0].First < t.Last {
			continue
		}
		when := r.scratch.mention()
		*when = mention{first: t.First, last: t.Last, category: nlp.Time, kind: "TIME_TO_" + of.kind, score: 0.9, rule: "time"}
		r.attach(when, attribute{first: of.first, last: of.last, category: of.category, kind: of.kind, relationship: overlap, score: of.score, relation: 0.9, of: of})
		r.attach(of, attribute{first: t.First, last: t.Last, category: nlp.Time, kind: when.kind, relationship: overlap, score: 0.9, relation: 0.9, of: when})
		r.times = append(r.times, when)
	}
}
