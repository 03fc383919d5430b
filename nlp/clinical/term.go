package clinical

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
	"github.com/fhirlake/fhirlake/nlp"
)

// A term is an entry of the vocabulary, prepared for findings.
type term struct {
	category      nlp.Category
	kind          string // the type of its entities
	symptom, sign bool
	social        bool // a circumstance of life
	chronic       bool
	sides         int         // of concepts: those of right, left and both sides stand at 1 up to this
	traits        []nlp.Trait // what the name itself says
	// concepts are the concepts of the term, best first, with the factors of their ranks as
	// scores. A medication has those of its ingredients too.
	concepts []nlp.Concept
}

// newTerms makes terms of entries, in their order.
func newTerms(entries []vocabulary.Entry) []term {
	// The name of a code is that of the entry that has this code alone, not that of a
	// combination or a brand with the codes of its ingredients. Codes of the two systems
	// never look alike.
	names := make(map[string]string, len(entries))
	generics := make([][]string, len(entries))
	shared := make([]bool, len(entries)) // named by others if possible
	for i := range entries {
		if e := &entries[i]; e.Kind == vocabulary.Medication && len(e.Codes) > 0 {
			generics[i] = e.Flags.List("generic")
			shared[i] = len(e.Codes) > 1 || slices.Contains(generics[i], e.Codes[0])
		}
	}
	for _, others := range []bool{false, true} {
		for rank, left := 0, true; left && rank < maxConcepts; rank++ {
			left = false
			for i := range entries {
				e := &entries[i]
				if rank >= len(e.Codes) || shared[i] && !others {
					continue
				}
				left = true
				if c := e.Codes[rank]; names[c] == "" {
					names[c] = e.Term
				}
			}
		}
	}
	terms := make([]term, len(entries))
	all := make([]nlp.Concept, 0, 2*len(entries))
	for i := range entries {
		e, t := &entries[i], &terms[i]
		t.category, t.kind = categoryOf(e)
		if e.Flags != "" {
			t.symptom, t.sign, t.social, t.chronic = e.Flags.Has("symptom"), e.Flags.Has("sign"), e.Flags.Has("social"), e.Flags.Has("chronic")
			if e.Flags.Has("family") {
				t.traits = append(t.traits, nlp.Trait{Name: nlp.PertainsToFamily, Score: 0.95})
			}
			if e.Flags.Has("past") {
				t.traits = append(t.traits, nlp.Trait{Name: nlp.PastHistory, Score: 0.95})
			}
		}
		if e.Flags.Has("sides=3") {
			t.sides = 3
		} else if e.Flags.Has("sides=2") {
			t.sides = 2
		}
		first := len(all)
		generic := generics[i]
		add := func(id, name string) {
			if n := len(all) - first; n < maxConcepts && !slices.ContainsFunc(all[first:], func(c nlp.Concept) bool { return c.Code == id }) {
				if n > 0 && n <= t.sides {
					all = append(all, nlp.Concept{Code: id, Description: e.Term + sideNames[n], Score: rankFactors[n]})
					return
				}
				if known := names[id]; known != "" && (n > 0 || slices.Contains(generic, id)) {
					name = known
				}
				all = append(all, nlp.Concept{Code: id, Description: name, Score: rankFactors[n]})
			}
		}
		for k, id := range e.Codes {
			if add(id, e.Term); k == 0 && e.Kind == vocabulary.Medication {
				for _, id := range generic {
					add(id, e.Term)
				}
			}
		}
		t.concepts = all[first:len(all):len(all)]
	}
	return terms
}

// categoryOf returns category and type of an entry's mentions.
func categoryOf(e *vocabulary.Entry) (nlp.Category, string) {
	switch e.Kind {
	case vocabulary.Condition:
		return nlp.Condition, dxName
	case vocabulary.Medication:
		if e.Flags.Has("brand") {
			return nlp.Medication, brandName
		}
		return nlp.Medication, genericName
	case vocabulary.Test:
		return nlp.TestProcedure, testName
	case vocabulary.Procedure:
		if e.Flags.Has("treatment") {
			return nlp.TestProcedure, treatmentName
		}
		return nlp.TestProcedure, procedureName
	}
	return nlp.Anatomy, site
}
