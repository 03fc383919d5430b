package clinical

import (
	"context"
	"slices"

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

	mentions []*mention // terms in order
	times    []*mention
	rest     []*mention // PHI
}

// pause is the number of sentences after which ctx is looked at.
const pause = 1024

// read makes mentions of all that was found, sentence by sentence.
func (r *reading) read() {
	for _, s := range r.private {
		r.rest = append(r.rest, &mention{first: s.First, last: s.Last, category: nlp.PHI, kind: string(s.Kind), score: s.Score, rule: s.Rule})
	}
	match, private := 0, 0
	for i := range r.note.Sentences {
		if i%pause == 0 && r.ctx.Err() != nil {
			return
		}
		s := &r.note.Sentences[i]
		first := match
		for match < len(r.matches) && r.matches[match].First < int(s.Last) {
			match++
		}
		for private < len(r.private) && r.private[private].Last <= int(s.First) {
			private++
		}
		r.sentence(s, r.matches[first:match], r.private[private:])
	}
}

// sentence makes mentions of the matches of a sentence.
func (r *reading) sentence(s *note.Sentence, matches []lexicon.Match, private []phi.Span) {
	if len(matches) == 0 {
		return
	}
	begin := len(r.mentions)
	section := &r.note.Sections[s.Section]
	for i := range matches {
		m := &matches[i]
		for len(private) > 0 && private[0].Last <= m.First {
			private = private[1:]
		}
		if len(private) > 0 && private[0].First < m.Last && hides(private[0].Kind) || r.isHeading(s, section, m) {
			continue
		}
		if made := r.mention(m); made != nil {
			r.mentions = append(r.mentions, made)
		}
	}
	mentions := r.purposes(begin, s)
	r.dosages(mentions, s)
	for i, m := range mentions {
		floor, limit := int(s.First), int(s.Last)
		if i > 0 {
			floor = mentions[i-1].last
		}
		if i+1 < len(mentions) {
			limit = mentions[i+1].first
		}
		r.measures(m, section, limit)
		r.modifiers(m, floor, limit)
	}
	r.sites(mentions)
	for _, m := range mentions {
		r.assert(m, section)
	}
	r.timesOf(mentions, s)
}

// hides reports whether what stands in information of a kind is no term.
func hides(k phi.Kind) bool {
	return k != phi.Age && k != phi.Profession
}

// isHeading reports whether a match stands in the heading of a section. A heading that is
// nothing but a condition, as the notes of some clinics have them for each problem, is
// none of these.
func (r *reading) isHeading(s *note.Sentence, section *note.Section, m *lexicon.Match) bool {
	if m.First < int(section.HeadingLast) && m.Last > int(section.HeadingFirst) {
		return section.Kind != note.Other || m.First > int(section.HeadingFirst) || m.Last < int(section.HeadingLast)
	}
	if !s.Heading {
		return false
	}
	for i := s.First; i < s.Last; i++ {
		if (int(i) < m.First || int(i) >= m.Last) && r.note.Tokens[i].Kind != note.Punct {
			return true
		}
	}
	return section.Kind != note.Other
}

// mention makes a mention of a match.
func (r *reading) mention(m *lexicon.Match) *mention {
	sense := &m.Senses[0]
	made := &mention{first: m.First, last: m.Last, senses: m.Senses, rule: qualityRules[sense.Quality]}
	made.take(sense)
	return made
}

// take makes a sense that of the mention.
func (m *mention) take(s *lexicon.Sense) {
	m.entry = s.Entry
	m.category, m.kind = categoryOf(s.Entry)
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

// measures finds the values of a test. A term that is a substance as well is a test if a
// value follows.
func (r *reading) measures(m *mention, section *note.Section, limit int) {
	test := m.sense(vocabulary.Test)
	if !m.isTest() && (test == nil || m.attributes != nil) {
		return
	}
	values := value.Measures(r.note, m.last, limit)
	if !m.isTest() {
		level := m.last < limit && (r.note.Word(m.last) == "level" || r.note.Word(m.last) == "levels")
		if len(values) == 0 && !level && section.Kind != note.Labs {
			return
		}
		m.take(test)
	}
	for _, v := range values {
		m.attributes = append(m.attributes, attribute{first: v.Value.First, last: v.Value.Last, category: nlp.TestProcedure, kind: testValue, relationship: testValue,
			score: 0.97, relation: 0.98})
		if !v.Unit.Empty() {
			m.attributes = append(m.attributes, attribute{first: v.Unit.First, last: v.Unit.Last, category: nlp.TestProcedure, kind: testUnit, relationship: testUnit,
				score: 0.97, relation: 0.98})
		}
	}
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
		m.attributes = append(m.attributes, attribute{first: f.First, last: f.Last, category: m.category, kind: kind, relationship: kind, score: 0.95, relation: 0.95})
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
		if i > 0 && mentions[i-1].category == nlp.Condition && value.Links(r.note, mentions[i-1].last, m.first) {
			of = mentions[i-1]
		} else if i+1 < len(mentions) && mentions[i+1].category == nlp.Condition && mentions[i+1].first == m.last {
			of = mentions[i+1]
		}
		if of == nil {
			continue
		}
		of.attributes = append(of.attributes, attribute{first: m.first, last: m.last, category: nlp.Condition, kind: site, relationship: site, score: m.score, relation: 0.95, of: m})
		for _, a := range m.attributes {
			if a.kind == direction && !slices.ContainsFunc(of.attributes, func(b attribute) bool { return b.first == a.first }) {
				a.category = nlp.Condition
				of.attributes = append(of.attributes, a)
			}
		}
	}
}
