package main

import "fmt"

// A bar is a row of a chart of bars: numbers that are stacked, in the order of the
// colours a, b, c and d.
type bar struct {
	name  string
	parts []int
}

func (b bar) sum() (n int) {
	for _, part := range b.parts {
		n += part
	}
	return n
}

// bars draws rows, each with its name above it and its sum at its right.
func bars(label string, rows []bar) *drawing {
	if len(rows) == 0 {
		return nil
	}
	const high, width = 32.0, 310.0
	d := &drawing{W: 360, H: high * float64(len(rows)), Label: label}
	most := 1
	for _, r := range rows {
		most = max(most, r.sum())
	}
	for i, r := range rows {
		y := high * float64(i)
		d.text("", 0, y+13, fit(r.name, d.W)).Title = r.name
		d.rect("track", 0, y+18, width, 8, "")
		x := 0.0
		for k, part := range r.parts {
			w := width * float64(part) / float64(most)
			if part > 0 {
				d.rect(colours[k], x, y+18, max(w, 1), 8, fmt.Sprintf("%s: %s", r.name, count(part)))
			}
			x += w
		}
		d.text("end strong", d.W, y+26, count(r.sum()))
	}
	return d
}
