package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// dates are the search parameters that say when something was or began, by type.
var dates = map[string]string{
	"AllergyIntolerance": "date", "Appointment": "date", "CarePlan": "date", "CareTeam": "date", "Claim": "created",
	"Communication": "sent", "Composition": "date", "Condition": "onset-date", "DiagnosticReport": "date",
	"DocumentReference": "date", "Encounter": "date", "ExplanationOfBenefit": "created", "Goal": "start-date",
	"ImagingStudy": "started", "Immunization": "date", "MedicationAdministration": "effective-time",
	"MedicationDispense": "whenhandedover", "MedicationRequest": "authoredon", "MedicationStatement": "effective",
	"Observation": "date", "Procedure": "date", "Provenance": "recorded", "ServiceRequest": "authored",
}

// types returns how many resources of each type there are, the most first.
func types(a *asker) (rows []bar) {
	for _, typ := range a.snapshot.Types() {
		rows = append(rows, bar{typ, []int{a.count(typ, "")}})
	}
	slices.SortStableFunc(rows, func(x, y bar) int { return cmp.Compare(y.sum(), x.sum()) })
	return rows
}

// byType draws how many resources of each type there are.
func byType(rows []bar) card {
	const most = 12
	c := card{Title: "Resources by type"}
	if len(rows) > most {
		others := bar{many(len(rows)-most+1, "other type"), []int{0}}
		for _, r := range rows[most-1:] {
			others.parts[0] += r.sum()
		}
		rows = append(slices.Clip(rows[:most-1]), others)
	}
	c.Drawing = bars(c.Title, rows)
	return c
}

// byYear draws how many resources of each type begin in each year.
func byYear(a *asker, rows []bar) card {
	c := card{Title: "Resources by type and year", Wide: true}
	var dated []string
	for _, r := range rows {
		if date := dates[r.name]; date != "" && a.since(r.name, date, 0, "") > 0 && len(dated) < 20 {
			dated = append(dated, r.name)
		}
	}
	if len(dated) == 0 {
		return c
	}
	first, last, note := years(func(m month) (n int) {
		for _, typ := range dated {
			n += a.since(typ, dates[typ], m, "")
		}
		return n
	}, 20)
	c.Note = "By the date on which something was done or began; types without one are not drawn." + note
	numbers, most := make([][]int, len(dated)), 0
	for i, typ := range dated {
		numbers[i] = a.begin(typ, dates[typ], january(first), 12, last-first+1, "")
		most = max(most, slices.Max(numbers[i]))
	}

	const left, high = 176.0, 24.0
	d := &drawing{W: 1000, H: high*float64(len(dated)) + 22, Label: c.Title}
	wide := (d.W - left) / float64(last-first+1)
	for i, typ := range dated {
		y := high * float64(i)
		d.text("end", left-8, y+16, typ)
		for k, n := range numbers[i] {
			x, title := left+wide*float64(k), fmt.Sprintf("%s, %d: %s", typ, first+k, count(n))
			d.rect("track", x, y, wide-2, high-2, title)
			if n > 0 {
				shade := 0.12 + 0.88*math.Log1p(float64(n))/math.Log1p(float64(most))
				d.rect("a", x, y, wide-2, high-2, title).Opacity = shade
				text := d.text("mid small", x+wide/2-1, y+15, rough(n))
				text.Title = title
				if shade > 0.6 {
					text.Class += " light"
				}
			}
		}
	}
	for k := 0; k <= last-first; k += int(math.Ceil(36 / wide)) {
		d.text("mid muted", left+wide*(float64(k)+0.5)-1, d.H-5, fmt.Sprint(first+k))
	}
	c.Drawing = d
	return c
}
