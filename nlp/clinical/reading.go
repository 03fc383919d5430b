package clinical

import (
	"context"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/assertion"
	"github.com/fhirlake/fhirlake/internal/clinical/lexicon"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/phi"
	"github.com/fhirlake/fhirlake/internal/clinical/value"
	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
	"github.com/fhirlake/fhirlake/nlp"
)

// A reading is one text on its way through Detect.
type reading struct {
	*Detector
	ctx     context.Context
	note    *note.Note
	private []phi.Span
	matches []lexicon.Match
	context *assertion.Context

	*scratch
	mentions []*mention // terms in order
	times    []*mention
	rest     []*mention // protected information, habits
}

// scratch is memory of one reading that the next one uses again.
type scratch struct {
	mentions   []mention
	attributes []attribute
	list       []*mention // of findings
	order      []*mention // of terms
}

// mention returns an empty mention.
func (s *scratch) mention() *mention {
	if len(s.mentions) == cap(s.mentions) {
		// The old array lives on in the mentions of this reading.
		s.mentions = make([]mention, 0, max(64, 2*cap(s.mentions)))
	}
	s.mentions = append(s.mentions, mention{})
	return &s.mentions[len(s.mentions)-1]
}

// room is how many attributes a mention has room for at first.
const room = 4

// attach adds an attribute to a mention.
func (s *scratch) attach(m *mention, a attribute) {
	if m.attributes == nil {
		if cap(s.attributes)-len(s.attributes) < room {
			s.attributes = make([]attribute, 0, max(64*room, 2*cap(s.attributes)))
		}
		n := len(s.attributes)
		s.attributes = s.attributes[:n+room]
		m.attributes = s.attributes[n : n : n+room]
	}
	m.attributes = append(m.attributes, a)
}

// maxScratch is how many mentions are kept for the next reading.
const maxScratch = 4096

// reset makes the memory ready for another text. It keeps nothing of the last one.
func (s *scratch) reset() {
	if cap(s.mentions) > maxScratch || cap(s.attributes) > maxScratch*room || max(cap(s.list), cap(s.order)) > maxScratch {
		*s = scratch{}
		return
	}
	clear(s.mentions)
	clear(s.attributes)
	clear(s.list)
	clear(s.order[:cap(s.order)])
	s.mentions, s.attributes, s.list, s.order = s.mentions[:0], s.attributes[:0], s.list[:0], s.order[:0]
}

// pause is the number of sentences after which ctx is looked at.
const pause = 1024

// A clause is a sentence with the mentions it has.
type clause struct {
	*note.Sentence
	section  *note.Section
	mentions []*mention // in order
}

// bounds returns the tokens between which the words around mention i belong to it: from
// the end of the mention before it to the start of the next one.
func (c *clause) bounds(i int) (floor, limit int) {
	floor, limit = int(c.First), int(c.Last)
	if i > 0 {
		floor = c.mentions[i-1].last
		if floor > c.mentions[i].first { // inside that mention
			floor = c.mentions[i-1].first
		}
	}
	if i+1 < len(c.mentions) {
		limit = max(c.mentions[i+1].first, c.mentions[i].last)
	}
	return floor, limit
}

// read makes mentions of all matches and spans.
func (r *reading) read() {
	for _, s := range r.private {
		m := r.scratch.mention()
		*m = mention{first: s.First, last: s.Last, category: nlp.PHI, kind: string(s.Kind), score: s.Score, rule: s.Rule}
		r.rest = append(r.rest, m)
	}
	clauses := r.clauses()
	r.dosages()
	r.mentions = r.mentions[:0]
	for i := range clauses {
		if i%pause == 0 && r.ctx.Err() != nil {
			return
		}
		c := &clauses[i]
		r.dropRoutes(c)
		for k, m := range c.mentions {
			floor, limit := c.bounds(k)
			r.measures(m, limit)
			r.modifiers(m, floor, limit)
		}
		r.sites(c.mentions)
		c.mentions = slices.DeleteFunc(c.mentions, func(m *mention) bool { return m.category == "" })
		for _, m := range c.mentions {
			r.assert(m, c.section)
		}
		r.timesOf(c)
		r.mentions = append(r.mentions, c.mentions...)
	}
}

// clauses makes mentions of the matches, sentence by sentence.
func (r *reading) clauses() []clause {
	all := make([]clause, 0, min(len(r.matches), len(r.note.Sentences)))
	r.mentions = slices.Grow(r.order[:0], len(r.matches)) // the clauses have parts of it, so it must not move
	r.order = r.mentions
	match, private := 0, r.private
	for i := range r.note.Sentences {
		if match == len(r.matches) || i%pause == 0 && r.ctx.Err() != nil {
			break
		}
		c := clause{Sentence: &r.note.Sentences[i]}
		if r.matches[match].First >= int(c.Last) {
			continue
		}
		c.section = &r.note.Sections[c.Section]
		begin := len(r.mentions)
		for ; match < len(r.matches) && r.matches[match].First < int(c.Last); match++ {
			m := &r.matches[match]
			for len(private) > 0 && private[0].Last <= m.First {
				private = private[1:]
			}
			if len(private) > 0 && private[0].First < m.Last && hides(private[0]) || r.isHeading(&c, m) {
				continue
			}
			r.mentions = append(r.mentions, r.mention(m))
		}
		c.mentions = r.mentions[begin:]
		r.purposes(&c)
		r.mentions = r.mentions[:begin+len(c.mentions)]
		for k, m := range c.mentions {
			_, limit := c.bounds(k)
			r.decide(m, &c, limit)
		}
		if len(c.mentions) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// hides reports whether terms inside protected information are no mentions.
func hides(s phi.Span) bool {
	return s.Kind != phi.Profession && (s.Kind != phi.Age || s.Last > s.First+1)
}

// isHeading reports whether a match stands in the heading of a section. A heading that is
// nothing but a condition is none of these: some clinics head each problem so.
func (r *reading) isHeading(c *clause, m *lexicon.Match) bool {
	s, section := c.Sentence, c.section
	if m.First < int(section.HeadingLast) && m.Last > int(section.HeadingFirst) {
		return section.Kind != note.Other || m.Senses[0].Entry.Kind != vocabulary.Condition || m.First > int(section.HeadingFirst) || m.Last < int(section.HeadingLast)
	}
	if !s.Heading {
		return false
	}
	for i := s.First; i < s.Last; i++ {
		if (int(i) < m.First || int(i) >= m.Last) && r.note.Tokens[i].Kind != note.Punct {
			return true
		}
	}
	return section.Kind != note.Other || m.Senses[0].Entry.Kind != vocabulary.Condition
}

// mention makes a mention of a match.
func (r *reading) mention(m *lexicon.Match) *mention {
	sense := &m.Senses[0]
	made := r.scratch.mention()
	*made = mention{first: m.First, last: m.Last, senses: m.Senses, rule: qualityRules[sense.Quality]}
	r.take(made, sense)
	return made
}

// take gives a mention a sense.
func (r *reading) take(m *mention, s *lexicon.Sense) {
	m.term = &r.terms[s.Number]
	m.category, m.kind = m.term.category, m.term.kind
	m.score = scoreOf(s)
}

// qualityRules say in evidence how a term was written.
var qualityRules = [...]string{
	lexicon.Preferred:    "dictionary: preferred term",
	lexicon.Synonym:      "dictionary: synonym",
	lexicon.Variant:      "dictionary: variant",
	lexicon.Abbreviation: "dictionary: abbreviation",
	lexicon.Misspelled:   "dictionary: misspelling",
}

// sense returns the mention's sense of a kind, or nil.
func (m *mention) sense(k vocabulary.Kind) *lexicon.Sense {
	for i := range m.senses {
		if m.senses[i].Entry.Kind == k {
			return &m.senses[i]
		}
	}
	return nil
}

// decide chooses the meaning of a term that names both a substance and a test of it: "K
// 4.1" is a test, "K 20 mEq daily" a medication.
func (r *reading) decide(m *mention, c *clause, limit int) {
	test, drug := m.sense(vocabulary.Test), m.sense(vocabulary.Medication)
	if test == nil || drug == nil {
		return
	}
	isTest := c.section.Kind == note.Labs
	if c.section.Kind != note.Medications {
		if v := value.Measures(r.note, m.last, limit); len(v) > 0 {
			isTest = v[0].Unit.Last-v[0].Unit.First != 1 || r.note.Word(v[0].Unit.First) == "%"
		}
		for i := max(int(c.First), m.first-2); i < m.first; i++ {
			switch r.note.Word(i) {
			case "serum", "check", "recheck", "monitor", "follow", "low", "high", "elevated", "urine", "blood", "plasma", "ionized", "total", "fasting", "random":
				isTest = true
			}
		}
	}
	if isTest {
		r.take(m, test)
	} else {
		r.take(m, drug)
	}
}

// measures finds the values of a test.
func (r *reading) measures(m *mention, limit int) {
	if m.kind != testName {
		return
	}
	values := value.Measures(r.note, m.last, limit)
	for _, v := range values {
		r.attach(m, attribute{first: v.Value.First, last: v.Value.Last, category: nlp.TestProcedure, kind: testValue, relationship: testValue,
			score: 0.97, relation: 0.98})
		if !v.Unit.Empty() {
			r.attach(m, attribute{first: v.Unit.First, last: v.Unit.Last, category: nlp.TestProcedure, kind: testUnit, relationship: testUnit,
				score: 0.97, relation: 0.98})
		}
	}
}

// isAdjective reports whether the name of a part of the body is an adjective.
func isAdjective(word string) bool {
	switch word {
	case "ear", "canal", "molar", "artery":
		return false
	}
	for _, ending := range []string{"al", "ic", "ar", "ous", "ary"} {
		if strings.HasSuffix(word, ending) {
			return true
		}
	}
	return false
}

// dropRoutes drops parts of the body and tests inside the attributes of a medication: "by
// mouth", "each nostril", "gtt".
func (r *reading) dropRoutes(c *clause) {
	var spans []value.Span
	for _, m := range c.mentions {
		if m.category == nlp.Medication {
			for _, a := range m.attributes {
				spans = append(spans, value.Span{First: a.first, Last: a.last})
			}
		}
	}
	c.mentions = slices.DeleteFunc(c.mentions, func(m *mention) bool {
		return m.category == nlp.Anatomy && m.first > int(c.First) && r.note.Word(m.first) == "mouth" && r.note.Word(m.first-1) == "by"
	})
	if spans == nil {
		return
	}
	slices.SortFunc(spans, func(a, b value.Span) int { return a.First - b.First })
	c.mentions = slices.DeleteFunc(c.mentions, func(m *mention) bool {
		for len(spans) > 0 && spans[0].Last <= m.first {
			spans = spans[1:]
		}
		return (m.category == nlp.Anatomy || m.category == nlp.TestProcedure) && len(spans) > 0 && m.overlaps(spans[0].First, spans[0].Last)
	})
}

// modifiers finds how acute a condition is and on which side it or a part of the body is.
func (r *reading) modifiers(m *mention, floor, limit int) {
	if m.category != nlp.Condition && m.category != nlp.Anatomy {
		return
	}
	found := append(value.Before(r.note, floor, m.first), value.Inside(r.note, m.first, m.last)...)
	found = append(found, value.After(r.note, m.last, limit)...)
	for _, f := range found {
		kind := direction
		if f.Kind == value.Acuity {
			if kind = acuity; m.category == nlp.Anatomy {
				continue
			}
		}
		r.attach(m, attribute{first: f.First, last: f.Last, category: m.category, kind: kind, relationship: kind, score: 0.95, relation: 0.95})
	}
}

// sites ties parts of the body to the conditions beside them: "swelling of the left
// knee", "knee swelling".
func (r *reading) sites(mentions []*mention) {
	for i, m := range mentions {
		if m.category != nlp.Anatomy {
			continue
		}
		var of *mention
		if i > 0 && mentions[i-1].category == nlp.Condition && (m.last <= mentions[i-1].last || value.Links(r.note, mentions[i-1].last, m.first)) {
			of = mentions[i-1]
		} else if i+1 < len(mentions) && mentions[i+1].category == nlp.Condition && mentions[i+1].first == m.last {
			of = mentions[i+1]
		}
		adjective := isAdjective(r.note.Word(m.last-1)) && m.last == m.first+1
		if adjective {
			m.category = "" // "renal function" speaks of no kidney
		}
		if of == nil {
			continue
		}
		a := attribute{first: m.first, last: m.last, category: nlp.Condition, kind: site, relationship: site, score: m.score, relation: 0.95}
		if !adjective {
			a.of = m
		}
		r.attach(of, a)
		for _, a := range m.attributes {
			if a.kind == direction && !slices.ContainsFunc(of.attributes, func(b attribute) bool { return b.first == a.first && b.kind == a.kind }) {
				a.category = nlp.Condition
				r.attach(of, a)
			}
		}
	}
}
