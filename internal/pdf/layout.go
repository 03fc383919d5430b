package pdf

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// A piece is a text that is shown at a place: from one point of its base line to another.
type piece struct {
	text           string
	x, y, toX, toY float64
	height         float64 // of the font
}

// A layout puts pieces together in the order in which they are shown, with the line ends
// and spaces that follow from their places.
type layout struct {
	out  strings.Builder
	max  int
	last piece
	some bool // there is a last piece on the page
}

// page ends a page.
func (p *layout) page() {
	p.some = false
}

// add adds a piece.
func (p *layout) add(next piece) {
	if next.text == "" {
		return
	}
	between := "\n"
	if p.some {
		last := p.last
		height := max(last.height, next.height)
		if next.text == last.text && math.Hypot(next.x-last.x, next.y-last.y) < 0.2*height {
			return // drawn again, to look bold
		}
		between = gap(last, next, height)
	}
	p.last, p.some = next, true
	soFar := p.out.Len()
	if soFar == 0 {
		between = ""
	}
	if soFar+len(between)+len(next.text) > p.max {
		panic(stop{fmt.Errorf("%w: more than %d bytes of text", ErrLimit, p.max)})
	}
	p.out.WriteString(between)
	p.out.WriteString(next.text)
}

// gap returns the white space between two pieces of a page.
func gap(last, next piece, height float64) string {
	// How far next is along and across the base line of last.
	ux, uy := last.toX-last.x, last.toY-last.y
	if length := math.Hypot(ux, uy); length > 0 {
		ux, uy = ux/length, uy/length
	} else {
		ux, uy = 1, 0
	}
	dx, dy := next.x-last.toX, next.y-last.toY
	along, across := dx*ux+dy*uy, math.Abs(dy*ux-dx*uy)
	switch {
	case across > 2.6*height:
		return "\n\n"
	case across > 0.5*height, along < -height:
		return "\n"
	case along > 0.15*height && !endsBlank(last.text) && !strings.HasPrefix(next.text, " "):
		return " "
	}
	return ""
}

func endsBlank(s string) bool {
	c, _ := utf8.DecodeLastRuneInString(s)
	return c == ' '
}

// String returns the text, without spaces at the ends of lines.
func (p *layout) String() string {
	text := p.out.String()
	if !strings.Contains(text, " \n") {
		return strings.TrimSpace(text)
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
