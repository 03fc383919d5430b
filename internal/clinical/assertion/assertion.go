package assertion

import (
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/nlp"
)

// An Assertion has the traits of a mention by its context, each once, with the strongest
// evidence for it. No evidence means affirmed.
type Assertion []Evidence

// Evidence is a reason for a trait.
type Evidence struct {
	Trait       string  // a trait of package nlp, such as nlp.Negation
	Score       float64 // how sure the rule is, 0 to 1
	Rule        string  // such as "negation: denies"
	First, Last int     // tokens [First, Last) that the rule looked at
	// Result is set if the word is "negative": a negative test was done, with this result.
	Result bool
}

// Has reports whether a trait holds.
func (a Assertion) Has(trait string) bool {
	for i := range a {
		if a[i].Trait == trait {
			return true
		}
	}
	return false
}

// Traits returns the traits with their scores.
func (a Assertion) Traits() (traits []nlp.Trait) {
	for _, e := range a {
		traits = append(traits, nlp.Trait{Name: e.Trait, Score: e.Score})
	}
	return traits
}

// traits has the name of the trait for every meaning.
var traits = [meanings]string{nlp.Negation, nlp.LowConfidence, nlp.Hypothetical, nlp.PastHistory, nlp.PertainsToFamily, nlp.Future}

// Of returns the traits of the tokens [first, last), which must lie in one sentence.
func (c *Context) Of(first, last int) Assertion {
	if first < 0 || first >= last || last > len(c.note.Tokens) {
		return nil
	}
	index := c.note.SentenceAt(first)
	s := &c.note.Sentences[index]
	f, l := int32(first), int32(last)
	var best nearest
	cues := c.near(s, f, l)
	for i := range cues {
		switch q := &cues[i]; {
		case q.rule.forward && q.to > q.last && q.first < f && f < q.to:
			best.add(q, max(f-q.last, 0)) // the phrase may reach into the mention: "no acute" + "acute distress"
		case q.rule.backward && q.first >= l && q.from < l && l <= q.to:
			best.add(q, q.first-l)
		}
	}
	lead := c.lead[int32(index)]
	for i := range lead {
		best.add(&lead[i], 0)
	}
	return best.assertion(c.section(s))
}

// nearest has the strongest cue for every meaning.
type nearest [meanings]struct {
	cue   *cue
	score float64
}

// add adds a cue at a distance from the mention in tokens.
func (n *nearest) add(q *cue, distance int32) {
	best := &n[q.rule.meaning]
	if score := max(q.rule.score-0.004*float64(distance), 0.5); score > best.score {
		best.cue, best.score = q, score
	}
}

// assertion returns the cues as evidence, with that of the section.
func (n *nearest) assertion(section Evidence) (a Assertion) {
	if q := n[hypothetical].cue; q != nil && q.rule.near && n[negation].cue != nil {
		n[hypothetical].cue = nil // "MRSA screen negative" speaks of a result, not of a purpose
	}
	for m, best := range n {
		if q := best.cue; q != nil {
			a = append(a, Evidence{Trait: traits[m], Score: best.score, Rule: q.rule.name, First: int(q.first), Last: int(q.last), Result: q.rule.result})
		}
	}
	if section.Trait != "" && !a.Has(section.Trait) {
		a = append(a, section)
	}
	return a
}

// section returns the evidence of a sentence's section about its mentions, without a trait
// if there is none.
func (c *Context) section(s *note.Sentence) (e Evidence) {
	section := &c.note.Sections[s.Section]
	switch section.Kind {
	case note.FamilyHistory:
		if c.ofPatient(s) {
			return e
		}
		e.Trait, e.Rule = nlp.PertainsToFamily, "family: section"
	case note.PastHistory, note.SurgicalHistory:
		e.Trait, e.Rule = nlp.PastHistory, "history: section"
	case note.ReturnPrecautions, note.Immunizations:
		e.Trait, e.Rule = nlp.Hypothetical, "hypothetical: section"
	default:
		return e
	}
	e.Score, e.First, e.Last = 0.9, int(section.HeadingFirst), int(section.HeadingLast)
	return e
}

// ofPatient reports whether the patient is the subject of a sentence: "The patient
// denies cough".
func (c *Context) ofPatient(s *note.Sentence) bool {
	i := s.Value
	if i < s.Last && c.note.Word(int(i)) == "the" {
		i++
	}
	if i >= s.Last {
		return false
	}
	switch c.note.Word(int(i)) {
	case "patient", "pt", "he", "she", "i":
		return i+1 < s.Last && c.note.Word(int(i+1)) != "has" && c.note.Word(int(i+1)) != "'s"
	}
	return false
}
