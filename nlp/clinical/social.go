package clinical

import (
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/nlp"
)

// The types of entities of the category BEHAVIORAL_ENVIRONMENTAL_SOCIAL.
const (
	alcohol = "ALCOHOL_CONSUMPTION"
	tobacco = "TOBACCO_USE"
	drugs   = "RECREATIONAL_DRUG_USE"
	gender  = "GENDER"
	race    = "RACE_ETHNICITY"
)

// socialType returns the type of entity that a word about a patient's habits or person is,
// "" for other words.
func socialType(word string) string {
	switch word {
	case "alcohol", "etoh", "drinks", "drinker", "beer", "beers", "wine", "liquor", "nondrinker":
		return alcohol
	case "tobacco", "smokes", "smoked", "smoker", "smoking", "cigarette", "cigarettes", "cigars", "vapes", "vaping", "nonsmoker", "nicotine":
		return tobacco
	case "marijuana", "cannabis", "cocaine", "heroin", "methamphetamine", "amphetamines", "ecstasy", "illicit":
		return drugs
	case "man", "woman", "male", "female", "gentleman", "lady", "boy", "girl":
		return gender
	case "caucasian", "hispanic", "nonhispanic", "latino", "latina", "asian":
		return race
	}
	return ""
}

// social finds habits and personal data in the words outside all terms. Gender and origin
// count only beside an age: "60-year-old white woman".
func (r *reading) social() {
	next := 0
	for i := range r.note.Tokens {
		t := &r.note.Tokens[i]
		if t.Kind != note.Word || t.End-t.Start < 3 || t.End-t.Start > 15 {
			continue
		}
		kind := socialType(r.note.Word(i))
		if kind == "" {
			continue
		}
		for next < len(r.mentions) && r.mentions[next].last <= i {
			next++
		}
		if next < len(r.mentions) && r.mentions[next].first <= i {
			continue // part of a term
		}
		last := i + 1
		switch kind {
		case gender, race:
			if !r.afterAge(i) {
				continue
			}
		default:
			if last < len(r.note.Tokens) && (r.note.Word(last) == "use" || r.note.Word(last) == "drugs" || r.note.Word(last) == "drug") {
				last++
			}
		}
		m := r.scratch.mention()
		*m = mention{first: i, last: last, category: nlp.Behavior, kind: kind, score: 0.9, rule: "social"}
		if kind != gender && kind != race {
			m.assertion = r.context.Of(i, last)
			for _, t := range m.assertion.Traits() {
				t.Score = round(t.Score)
				m.traits = append(m.traits, t)
			}
		}
		r.rest = append(r.rest, m)
	}
}

// afterAge reports whether an age stands up to six tokens before token i.
func (r *reading) afterAge(i int) bool {
	for j := i - 1; j >= max(0, i-8); j-- {
		switch r.note.Word(j) {
		case "old", "yo", "y", "o":
			return true
		case ".", ",", ";":
			return false
		}
	}
	return false
}
