package nlp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrFindings is returned for findings that a Detector must not return.
var ErrFindings = errors.New("nlp: a detector returned what it must not")

const (
	mostConcepts = 5
	longestName  = 128  // bytes of a type, a trait, a code
	longestText  = 4096 // bytes of a description
	// densest is how many entities, attributes, traits and concepts a list may have for
	// each byte of the text, beyond the first thousand.
	densest = 16
)

// categories are those of entities and attributes.
var categories = []Category{Anatomy, Condition, Medication, PHI, TestProcedure, Time, Behavior}

// Check reports the first fault of the findings, by an error that is [ErrFindings] and does
// not cite the text: an offset outside of the text, a Text that does not stand at its
// offsets, a score that is no number from 0 to 1, an unknown category, an Id that two
// entities of a list have, more concepts than five, entities that are out of order, or
// names that are empty, too long or no text.
func (f *Findings) Check(text string) error {
	if f == nil {
		return nil
	}
	if err := f.measure(text); err != nil {
		return err
	}
	return f.check(newRuler(text))
}

// check checks findings that are not too many.
func (f *Findings) check(r *ruler) error {
	for _, list := range f.lists() {
		if err := r.ordered(list.name, *list.entities); err != nil {
			return err
		}
		for i := range *list.entities {
			if what := r.faultOf(&(*list.entities)[i]); what != "" {
				return fmt.Errorf("%w: %s[%d]: %s", ErrFindings, list.name, i, what)
			}
		}
	}
	return nil
}

// Clean makes the findings pass [Findings.Check]: it removes entities and attributes that
// do not fit the text, cuts lists of concepts, sorts entities and gives them new Ids if two
// are equal. If there are more findings than any text of this length can have, it removes
// them all. It returns an error that is [ErrFindings] if it removed something.
func (f *Findings) Clean(text string) error {
	if f == nil {
		return nil
	}
	if err := f.measure(text); err != nil {
		f.Entities, f.ICD10CM, f.RxNorm = nil, nil, nil
		return err
	}
	r := newRuler(text)
	if f.check(r) == nil {
		return nil
	}
	var removed int
	var first string
	remove := func(list string, i int, what string) {
		if removed++; removed == 1 {
			first = fmt.Sprintf("%s[%d]: %s", list, i, what)
		}
	}
	for _, list := range f.lists() {
		kept := (*list.entities)[:0:0]
		for i, e := range *list.entities {
			e.Attributes = slices.Clone(e.Attributes)
			e.Attributes = slices.DeleteFunc(e.Attributes, func(a Attribute) bool {
				what := r.faultOfAttribute(&a)
				if what != "" {
					remove(list.name, i, what)
				}
				return what != ""
			})
			e.Evidence = slices.DeleteFunc(slices.Clone(e.Evidence), func(v Evidence) bool { return !r.holds(v.BeginOffset, v.EndOffset) })
			e.ICD10CMConcepts = e.ICD10CMConcepts[:min(len(e.ICD10CMConcepts), mostConcepts)]
			e.RxNormConcepts = e.RxNormConcepts[:min(len(e.RxNormConcepts), mostConcepts)]
			if what := r.faultOf(&e); what != "" {
				remove(list.name, i, what)
				continue
			}
			kept = append(kept, e)
		}
		slices.SortStableFunc(kept, func(a, b Entity) int { return a.BeginOffset - b.BeginOffset })
		if r.ordered("", kept) != nil {
			number(kept)
		}
		*list.entities = kept
	}
	if removed > 0 {
		return fmt.Errorf("%w: %d of them, first %s", ErrFindings, removed, first)
	}
	return nil
}

// number gives the entities of a list and their attributes new Ids, from 0 on. It changes
// no array of attributes: these may be the detector's.
func number(list []Entity) {
	id := 0
	for i := range list {
		list[i].ID = id
		id++
		list[i].Attributes = slices.Clone(list[i].Attributes)
		for j := range list[i].Attributes {
			list[i].Attributes[j].ID = id
			id++
		}
	}
}

// A namedList is one of the three lists of Findings.
type namedList struct {
	name     string
	entities *[]Entity
}

func (f *Findings) lists() []namedList {
	return []namedList{{"Entities", &f.Entities}, {"ICD10CM", &f.ICD10CM}, {"RxNorm", &f.RxNorm}}
}

// measure refuses findings that are too many for a text.
func (f *Findings) measure(text string) error {
	for _, list := range f.lists() {
		count := len(*list.entities)
		for _, e := range *list.entities {
			count += len(e.Attributes) + len(e.Traits) + len(e.ICD10CMConcepts) + len(e.RxNormConcepts) + len(e.Evidence)
			for _, a := range e.Attributes {
				count += len(a.Traits)
			}
		}
		if count > 1000+densest*len(text) {
			return fmt.Errorf("%w: %s has more than the text can have", ErrFindings, list.name)
		}
	}
	return nil
}

// ordered checks the order and the Ids of a list.
func (r *ruler) ordered(name string, list []Entity) error {
	rising := true
	for i := 1; i < len(list); i++ {
		if list[i].BeginOffset < list[i-1].BeginOffset {
			return fmt.Errorf("%w: %s[%d] begins before the one before it", ErrFindings, name, i)
		}
		rising = rising && list[i].ID > list[i-1].ID
	}
	if rising {
		return nil
	}
	seen := make(map[int]bool, len(list))
	for i := range list {
		if seen[list[i].ID] {
			return fmt.Errorf("%w: %s[%d] has the Id of another", ErrFindings, name, i)
		}
		seen[list[i].ID] = true
	}
	return nil
}

// faultOf returns what is wrong with an entity, "" for nothing.
func (r *ruler) faultOf(e *Entity) string {
	if what := r.faultOfSpan(e.BeginOffset, e.EndOffset, e.Text); what != "" {
		return what
	}
	switch {
	case !slices.Contains(categories, e.Category):
		return "Category is unknown"
	case !isName(e.Type):
		return "Type is no name"
	case !isScore(e.Score):
		return "Score is no number from 0 to 1"
	}
	for i := range e.Attributes {
		if what := r.faultOfAttribute(&e.Attributes[i]); what != "" {
			return what
		}
	}
	for _, v := range e.Evidence {
		if !r.holds(v.BeginOffset, v.EndOffset) {
			return "Evidence is outside of the text"
		}
	}
	if what := faultOfConcepts(e.ICD10CMConcepts); what != "" {
		return "ICD10CMConcepts: " + what
	}
	if what := faultOfConcepts(e.RxNormConcepts); what != "" {
		return "RxNormConcepts: " + what
	}
	return faultOfTraits(e.Traits)
}

// faultOfAttribute returns what is wrong with an attribute.
func (r *ruler) faultOfAttribute(a *Attribute) string {
	what := r.faultOfSpan(a.BeginOffset, a.EndOffset, a.Text)
	switch {
	case what != "":
	case a.Category != "" && !slices.Contains(categories, a.Category):
		what = "Category is unknown"
	case !isName(a.Type):
		what = "Type is no name"
	case a.RelationshipType != "" && !isName(a.RelationshipType):
		what = "RelationshipType is no name"
	case !isScore(a.Score) || !isScore(a.RelationshipScore):
		what = "Score is no number from 0 to 1"
	default:
		what = faultOfTraits(a.Traits)
	}
	if what != "" {
		return "Attributes: " + what
	}
	return ""
}

func (r *ruler) faultOfSpan(begin, end int, text string) string {
	switch {
	case !r.holds(begin, end):
		return "its offsets are outside of the text"
	case r.between(begin, end) != text:
		return "its Text is not what stands between its offsets"
	}
	return ""
}

func faultOfTraits(traits []Trait) string {
	for _, t := range traits {
		if !isName(t.Name) || !isScore(t.Score) {
			return "a trait has no name, or no score from 0 to 1"
		}
	}
	return ""
}

func faultOfConcepts(concepts []Concept) string {
	if len(concepts) > mostConcepts {
		return "there are more than five"
	}
	for _, c := range concepts {
		switch {
		case !isName(c.Code):
			return "Code is no name"
		case len(c.Description) > longestText || !isText(c.Description):
			return "Description is too long or no text"
		case !isScore(c.Score):
			return "Score is no number from 0 to 1"
		}
	}
	return ""
}

// isScore is false for NaN too.
func isScore(score float64) bool { return score >= 0 && score <= 1 }

func isName(s string) bool { return s != "" && len(s) <= longestName && isText(s) }

// isText reports whether s is UTF-8 without control characters.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
