package main

import "fmt"

// visits draws the encounters that begin in each month, by class.
func visits(a *asker) card {
	c := card{Title: "Encounters by month", Wide: true, Legend: legend("ambulatory", "emergency", "inpatient", "other")}
	all := func(m month) int { return a.since("Encounter", "date", m, "") }
	if all(0) == 0 {
		return c
	}
	first, last, note := years(all, 10)
	c.Note = "By the month of their start." + note
	columns := make([]bar, (last-first+1)*12)
	begin := func(filter string) []int {
		return a.begin("Encounter", "date", january(first), 1, len(columns), filter)
	}
	others, most := begin(""), 1
	for i, n := range others {
		most = max(most, n)
		columns[i].name = fmt.Sprintf("%d-%02d", first+i/12, i%12+1)
	}
	for _, class := range []string{"AMB", "EMER", "IMP"} {
		for i, n := range begin("&class=" + class) {
			columns[i].parts = append(columns[i].parts, n)
			others[i] -= n
		}
	}

	d := &drawing{W: 1000, H: 260, Label: c.Title}
	x := axis{0, float64(len(columns)), 44, d.W}
	y := axis{0, float64(most) * 1.04, d.H - 24, 8}
	d.levels(y, x.start, d.W, 1)
	for i, column := range columns {
		below := 0
		for k, n := range append(column.parts, others[i]) {
			if n > 0 {
				top := y.at(float64(below + n))
				d.rect(colours[k], x.at(float64(i)), top, x.at(0.86)-x.start, y.at(float64(below))-top,
					fmt.Sprintf("%s: %s %s", column.name, count(n), c.Legend[k].Name))
			}
			below += n
		}
		if i%12 == 0 {
			d.text("muted", x.at(float64(i)), d.H-6, column.name[:4])
			d.line("tick", "", x.at(float64(i)), y.start, x.at(float64(i)), y.start+5)
		}
	}
	c.Drawing = d
	return c
}
