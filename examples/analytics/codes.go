package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/fhirlake/fhirlake/export"
)

// A coded resource has one of these elements, by its type.
type coded struct {
	Type       string  `json:"resourceType"`
	Code       concept `json:"code"`
	Medication concept `json:"medicationCodeableConcept"`
	Vaccine    concept `json:"vaccineCode"`
}

func (c *coded) first() (coding, string, bool) {
	for _, concept := range []*concept{&c.Medication, &c.Vaccine} {
		if of, name, ok := concept.first(); ok {
			return of, name, ok
		}
	}
	return c.Code.first()
}

// frequent draws the codes of a type that the most patients have, by sex.
func frequent(a *asker, title, typ, param string) card {
	c := card{Title: title, Legend: legend("female", "male", "other or unknown sex")}
	type tally struct {
		of   coding
		name string
		n    int
	}
	found, without := map[coding]*tally{}, 0
	for r := range resources[coded](a, export.Options{Types: []string{typ}}) {
		of, name, ok := r.first()
		if !ok {
			without++
			continue
		}
		if found[of] == nil {
			found[of] = &tally{of: of, name: name}
		}
		found[of].n++
	}
	all := make([]*tally, 0, len(found))
	for _, t := range found {
		all = append(all, t)
	}
	slices.SortFunc(all, func(x, y *tally) int {
		return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.of.Code, y.of.Code), cmp.Compare(x.of.System, y.of.System))
	})
	var rows []bar
	unknown := 0
	for _, t := range all[:min(len(all), 24)] {
		query := fmt.Sprintf("_has:%s:patient:%s=%s", typ, param, t.of.token())
		row, rest := bar{name: t.name}, a.count("Patient", query)
		for _, sex := range sexes {
			n := a.count("Patient", query+"&gender="+sex)
			row.parts, rest = append(row.parts, n), rest-n
		}
		row.parts, unknown = append(row.parts, rest), unknown+rest
		if row.sum() > 0 {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(x, y bar) int { return cmp.Compare(y.sum(), x.sum()) })
	c.Note = fmt.Sprintf("Patients who ever had one, of %s.", many(len(found), "code"))
	if without > 0 {
		c.Note += fmt.Sprintf(" Not counted: %s without a code.", count(without))
	}
	if unknown == 0 {
		c.Legend = c.Legend[:2]
	}
	c.Drawing = bars(title, rows[:min(len(rows), 12)])
	return c
}
