package pieces

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/nlp"
)

// A Piece is a part of a text.
type Piece struct {
	Text  string
	Begin int // code points of the text before it
}

// Blank reports whether a piece is white space.
func (p Piece) Blank() bool { return strings.TrimSpace(p.Text) == "" }

// Cut returns a text in pieces of at most most code points, which must be positive. An
// invalid byte counts as a code point.
func Cut(text string, most int) []Piece {
	var cut []Piece
	for begin := 0; text != ""; {
		bytes, points := first(text, most)
		cut = append(cut, Piece{text[:bytes], begin})
		text, begin = text[bytes:], begin+points
	}
	return cut
}

// The quality of a place to cut: the larger the better.
const (
	anywhere = iota
	behindSpace
	behindSentence
	behindParagraph
)

// first returns the length of the first piece in bytes and code points.
func first(text string, most int) (bytes, points int) {
	quality := anywhere
	var before, last rune // the two runes before the place
	n, at := 0, 0
	for at < len(text) {
		if n == most {
			break
		}
		c, size := utf8.DecodeRuneInString(text[at:])
		at, n = at+size, n+1
		if q := place(before, last, c); q >= quality && q > anywhere && 2*n >= most {
			quality, bytes, points = q, at, n
		}
		if c != '\r' {
			before, last = last, c
		}
	}
	if at == len(text) || quality == anywhere {
		return at, n
	}
	return bytes, points
}

// place returns the quality of a cut behind c, which follows last and before.
func place(before, last, c rune) int {
	switch {
	case c == '\n' && last == '\n':
		return behindParagraph
	case c == '\n', unicode.IsSpace(c) && (last == '.' || last == '!' || last == '?') && !unicode.IsSpace(before):
		return behindSentence
	case unicode.IsSpace(c):
		return behindSpace
	}
	return anywhere
}

// Move moves the entities of a piece to their offsets in the text.
func (p Piece) Move(list []nlp.Entity) {
	for i := range list {
		e := &list[i]
		e.BeginOffset += p.Begin
		e.EndOffset += p.Begin
		for j := range e.Attributes {
			e.Attributes[j].BeginOffset += p.Begin
			e.Attributes[j].EndOffset += p.Begin
		}
	}
}
