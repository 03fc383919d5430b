package main

import (
	"fmt"
	"strings"
	"unicode"
)

// A drawing is an SVG picture. Its colours are classes of the page's style.
type drawing struct {
	W, H   float64
	Label  string // for who does not see it
	Shapes []shape
}

// A shape is a path, or a text at a place. Title shows under the pointer.
type shape struct {
	Class, Path, Text, Title string
	X, Y                     float64
	Opacity                  float64 // 0 is the class's own
}

func (d *drawing) rect(class string, x, y, w, h float64, title string) *shape {
	return d.add(shape{Class: class, Path: fmt.Sprintf("M%.1f %.1fh%.1fv%.1fh%.1fz", x, y, w, h, -w), Title: title})
}

// line draws through points, given as x, y, x, y.
func (d *drawing) line(class, title string, points ...float64) *shape {
	var path strings.Builder
	for i := 0; i+1 < len(points); i += 2 {
		letter := "L"
		if i == 0 {
			letter = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", letter, points[i], points[i+1])
	}
	return d.add(shape{Class: class, Path: path.String(), Title: title})
}

func (d *drawing) text(class string, x, y float64, text string) *shape {
	return d.add(shape{Class: class, X: x, Y: y, Text: text})
}

func (d *drawing) add(s shape) *shape {
	d.Shapes = append(d.Shapes, s)
	return &d.Shapes[len(d.Shapes)-1]
}

// levels draws lines at the ticks of an upright axis.
func (d *drawing) levels(y axis, from, to, smallest float64) {
	for _, v := range y.ticks(5, smallest) {
		d.line("grid", "", from, y.at(v), to, y.at(v))
		d.text("end muted", from-6, y.at(v)+4, brief(v))
	}
}

// fit cuts a text to a width in pixels of the usual letters.
func fit(text string, width float64) string {
	for i, r := range text {
		letter := 7.1
		switch {
		case strings.ContainsRune("MWmw@%", r):
			letter = 11
		case unicode.IsUpper(r):
			letter = 8.3
		case r >= 0x2e80:
			letter = 13
		}
		if width -= letter; width < letter {
			return strings.TrimSpace(text[:i]) + "…"
		}
	}
	return text
}
