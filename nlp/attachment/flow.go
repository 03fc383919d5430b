package attachment

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// A gap stands between two pieces of text. Of two gaps the larger one stays.
type gap int

const (
	none gap = iota
	space
	tab
	line
	paragraph
)

var gaps = [...]string{none: "", space: " ", tab: "\t", line: "\n", paragraph: "\n\n"}

// A flow is text that is laid out as it comes: white space is one gap, and there is none
// at the beginning and at the end.
type flow struct {
	text    []byte
	gap     gap
	max     int
	held    bool // an item or cell began, and nothing is to come between it and its text
	bullet  bool // what began is an item
	inCell  bool
	cell    int  // where the text of the cell begins
	tooLong bool // there was more than max bytes
}

// apart puts a gap before the next piece.
func (f *flow) apart(g gap) {
	if len(f.text) > 0 && !f.held {
		f.gap = max(f.gap, g)
	}
}

// newline ends a line; two of them make a paragraph.
func (f *flow) newline() {
	if f.gap == line {
		f.gap = paragraph
	} else {
		f.apart(line)
	}
}

// write adds a piece as it is.
func (f *flow) write(piece []byte) {
	if f.tooLong = f.tooLong || len(f.text)+len(gaps[f.gap])+len(piece) > f.max; f.tooLong {
		return
	}
	f.text = append(append(f.text, gaps[f.gap]...), piece...)
	f.gap, f.held = none, false
}

// item begins a list item.
func (f *flow) item() {
	if f.held && f.bullet {
		return
	}
	f.held = false
	f.gap = min(f.gap, line)
	f.apart(line)
	f.write([]byte("- "))
	f.held, f.bullet = true, true
}

// endItem ends a list item.
func (f *flow) endItem() {
	f.held = false
	f.gap = min(f.gap, line)
	f.apart(line)
}

// beginCell begins a cell of a table. The blocks in it begin no line at its beginning.
func (f *flow) beginCell() {
	f.endCell()
	f.apart(tab)
	f.held, f.bullet, f.inCell, f.cell = true, false, true, len(f.text)
}

// endCell ends a cell, and drops the line ends of its last blocks.
func (f *flow) endCell() {
	if f.inCell && len(f.text) > f.cell {
		f.gap = none
	}
	f.held, f.inCell = false, false
}

// words adds text whose white space does not matter.
func (f *flow) words(text []byte) {
	for len(text) > 0 {
		end := bytes.IndexFunc(text, blank)
		if end < 0 {
			end = len(text)
		}
		if end > 0 {
			f.write(text[:end])
		}
		text = text[end:]
		if len(text) > 0 {
			_, n := utf8.DecodeRune(text)
			text = text[n:]
			f.apart(space)
		}
	}
}

// blank reports whether a rune is white space of markup. A no-break space is one too.
func blank(r rune) bool {
	return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' || r == '\u00a0'
}

// lines adds preformatted text. Several empty lines are one.
func (f *flow) lines(text []byte) {
	for len(text) > 0 {
		switch c := text[0]; c {
		case '\r', '\n':
			if c == '\r' && len(text) > 1 && text[1] == '\n' {
				text = text[1:]
			}
			text = text[1:]
			f.newline()
		default:
			end := bytes.IndexAny(text, "\r\n")
			if end < 0 {
				end = len(text)
			}
			f.write(text[:end])
			text = text[end:]
		}
	}
}

// result returns the text. Soft hyphens are left out, since they stand inside words.
func (f *flow) result() (string, error) {
	if f.tooLong {
		return "", tooLong(f.max)
	}
	text := strings.TrimRight(strings.ToValidUTF8(string(f.text), "\uFFFD"), " \n\t")
	if strings.Contains(text, "\u00ad") {
		text = strings.ReplaceAll(text, "\u00ad", "")
	}
	if len(text) > f.max {
		return "", tooLong(f.max)
	}
	return text, nil
}
