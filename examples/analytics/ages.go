package main

import (
	"fmt"
	"math"
	"time"
)

// sexes are the values of Patient.gender that have a side of the pyramid.
var sexes = []string{"female", "male"}

// ages draws the living patients by sex and by the age that they reach in this year.
func ages(a *asker, now time.Time) card {
	c := card{Title: "Living patients by age and sex", Legend: legend("female", "male")}
	const step, bands = 5, 21 // the last is open
	living := func(filter string) int {
		return a.count("Patient", "deceased:not=true"+filter)
	}
	numbers, most, drawn := [2][bands]int{}, 0, 0
	for side, sex := range sexes {
		for band := range bands {
			year := now.Year() - band*step
			born := fmt.Sprintf("&birthdate=lt%04d", year+1)
			if band < bands-1 {
				born += fmt.Sprintf("&birthdate=ge%04d", year-step+1)
			}
			n := living(born + "&gender=" + sex)
			numbers[side][band], most, drawn = n, max(most, n), drawn+n
		}
	}
	c.Note = fmt.Sprintf("The age that each reaches in %d.", now.Year())
	if n := living("") - drawn; n > 0 {
		c.Note += fmt.Sprintf(" Not drawn: %s without a date of birth, or of neither sex.", count(n))
	}
	if most == 0 {
		return c
	}
	const high, middle = 17.5, 28.0
	d := &drawing{W: 360, H: high*bands + 34, Label: c.Title}
	base := high * bands
	for side := range sexes {
		direction := float64(2*side - 1)
		x := axis{0, float64(most) * 1.02, d.W/2 + direction*middle, d.W/2 + direction*(d.W/2-4)}
		for _, v := range x.ticks(4, 1) {
			d.line("grid", "", x.at(v), 0, x.at(v), base)
			d.text("mid muted", x.at(v), base+15, brief(v))
		}
		for band, n := range numbers[side] {
			title := fmt.Sprintf("%s, %s: %s", sexes[side], ageBand(band, step, bands), count(n))
			from, to := x.at(0), x.at(float64(n))
			d.rect(colours[side], min(from, to), base-high*float64(band+1)+1, math.Abs(to-from), high-2, title)
		}
	}
	for band := range bands {
		d.text("mid muted small", d.W/2, base-high*float64(band)-5, ageBand(band, step, bands))
	}
	d.text("mid muted", d.W/2, base+15, "years")
	d.text("end muted", d.W-4, base+31, "patients")
	c.Drawing = d
	return c
}

func ageBand(band, step, bands int) string {
	if band == bands-1 {
		return fmt.Sprintf("%d+", band*step)
	}
	return fmt.Sprintf("%d–%d", band*step, band*step+step-1)
}
