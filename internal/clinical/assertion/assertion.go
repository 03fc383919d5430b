package assertion

import (
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/nlp"
)

// An Assertion is what the context says about a mention: the evidence for its
// traits, the strongest for each trait first. No evidence means affirmed.
type Assertion []Evidence

// Evidence is a reason for a trait.
type Evidence struct {
	Trait       string  // a trait of package nlp, such as nlp.Negation
	Score       float64 // how sure the rule is, 0 to 1
	Rule        string  // such as "negation: denies"
	First, Last int     // tokens [First, Last) that the rule looked at
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

// Traits returns each trait once, with the score of its strongest evidence.
func (a Assertion) Traits() (traits []nlp.Trait) {
next:
	for _, e := range a {
		for i := range traits {
			if traits[i].Name == e.Trait {
				traits[i].Score = max(traits[i].Score, e.Score)
				continue next
			}
		}
		traits = append(traits, nlp.Trait{Name: e.Trait, Score: e.Score})
	}
	return traits
}

// traits has the name of the trait for every meaning.
var traits = [meanings]string{nlp.Negation, nlp.LowConfidence, nlp.Hypothetical, nlp.PastHistory, nlp.PertainsToFamily, nlp.Future}

// Of returns what the context says about the tokens [first, last), which must lie
// in one sentence.
func (c *Context) Of(first, last int) Assertion {
	var a Assertion
	if first < 0 || first >= last || last > len(c.note.Tokens) {
		return nil
	}
	index := c.note.SentenceAt(first)
	s := &c.note.Sentences[index]
	f, l := int32(first), int32(last)
	var purpose *cue // such as "screening" behind the mention
	cues := c.near(s, f, l)
	for i, q := range cues {
		if q.rule.forward && q.to > q.last && q.first < f && f < q.to {
			a = a.add(q, max(f-q.last, 0)) // the phrase may reach into the mention: "no acute" + "acute distress"
		} else if q.first >= l && q.from < l && l <= q.to {
			if q.rule.near && q.rule.meaning == hypothetical {
				purpose = &cues[i]
				continue
			}
			a = a.add(q, q.first-l)
		}
	}
	if purpose != nil && !a.Has(nlp.Negation) { // "MRSA screen negative" is a result
		a = a.add(*purpose, 0)
	}
	for _, q := range c.lead[int32(index)] {
		a = a.add(q, 0)
	}
	return a.settle(c.note, s)
}

// add adds the evidence of a cue at some distance.
func (a Assertion) add(q cue, distance int32) Assertion {
	m := q.rule.meaning
	score := max(q.rule.score-0.004*float64(distance), 0.5)
	return append(a, Evidence{Trait: traits[m], Score: score, Rule: q.rule.name, First: int(q.first), Last: int(q.last)})
}

// settle adds what the section says and drops what other evidence overrules.
func (a Assertion) settle(n *note.Note, s *note.Sentence) Assertion {
	section := &n.Sections[s.Section]
	head := Evidence{First: int(section.HeadingFirst), Last: int(section.HeadingLast), Score: 0.9}
	switch section.Kind {
	case note.FamilyHistory:
		head.Trait, head.Rule = nlp.PertainsToFamily, "family: section"
		a = append(a, head)
	case note.PastHistory, note.SurgicalHistory:
		head.Trait, head.Rule = nlp.PastHistory, "history: section"
		a = append(a, head)
	case note.ReturnPrecautions:
		head.Trait, head.Rule = nlp.Hypothetical, "hypothetical: section"
		a = append(a, head)
	}
	return a
}
