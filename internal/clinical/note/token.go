package note

import (
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// A Token is a word, a number or a punctuation mark.
type Token struct {
	Start, End int32 // bytes of the text
	fold       int32 // end of the folded word, which starts at Start
	Kind       Kind
	Flags      Flags
}

// A Kind is the kind of a token.
type Kind uint8

// The kinds of tokens.
const (
	Word   Kind = iota // letters, with digits after the first letter and inner apostrophes: "Crohn's", "B12"
	Number             // digits, with inner commas and a decimal point: "1,500", "98.6", ".5"
	Punct              // one mark, or a run of the same of .-_*#=~+!?
)

// Flags say how a token is written.
type Flags uint8

// The flags of tokens.
const (
	Space     Flags = 1 << iota // white space before the token
	Wide                        // two spaces, a tab or a line end before it
	Line                        // first token of a line
	Paragraph                   // a blank line before it, or the start of the text
	Capital                     // begins with a capital letter
	Upper                       // has two letters or more, all capital
)

type class uint8

const (
	punct class = iota
	space
	letter
	digit
	repeat // punctuation whose runs are one token
	high   // not ASCII
)

var (
	classes = func() (c [256]class) {
		for i := range c {
			switch {
			case i >= 0x80:
				c[i] = high
			case i <= ' ' || i == 0x7f:
				c[i] = space
			case 'a' <= i|0x20 && i|0x20 <= 'z':
				c[i] = letter
			case '0' <= i && i <= '9':
				c[i] = digit
			}
		}
		for _, b := range ".-_*#=~+!?" {
			c[b] = repeat
		}
		return c
	}()
	lower = func() (l [256]byte) {
		for i := range l {
			l[i] = byte(i)
			if 'A' <= i && i <= 'Z' {
				l[i] += 'a' - 'A'
			}
		}
		return l
	}()
)

// A scanner makes the tokens of a note.
type scanner struct {
	text   string
	folded []byte
	tokens []Token
}

// scan fills Tokens, folded and points.
func (n *Note) scan() {
	s := scanner{text: n.Text, folded: make([]byte, len(n.Text)), tokens: make([]Token, 0, len(n.Text)/4+8)}
	ascii := true
	for i := range len(s.text) {
		s.folded[i] = lower[s.text[i]]
		ascii = ascii && s.text[i] < utf8.RuneSelf
	}
	if !ascii {
		n.countPoints()
	}
	flags, lines := Paragraph|Line|Wide, 0
	for i := 0; i < len(s.text); {
		c := classes[s.text[i]]
		var r rune
		size := 1
		if c == high {
			r, size = utf8.DecodeRuneInString(s.text[i:])
			c = classOf(r)
		}
		if c == space {
			switch {
			case s.text[i] == '\n' || s.text[i] == '\r' && (i+1 == len(s.text) || s.text[i+1] != '\n') || r == '\u2028' || r == '\u2029' || r == '\u0085':
				if lines++; lines > 1 {
					flags |= Paragraph
				}
				flags |= Line | Wide
			case s.text[i] == '\t' || flags&Space != 0:
				flags |= Wide
			}
			flags |= Space
			i += size
			continue
		}
		t := Token{Start: int32(i), Flags: flags}
		flags, lines = 0, 0
		switch c {
		case letter:
			i = s.word(i, &t)
		case digit:
			i = s.number(i, &t)
		case repeat:
			if s.text[i] == '.' && i+1 < len(s.text) && classes[s.text[i+1]] == digit && (t.Flags&Space != 0 || i == 0) {
				i = s.number(i, &t)
				break
			}
			t.Kind = Punct
			for b := s.text[i]; i < len(s.text) && s.text[i] == b; i++ {
			}
			t.End, t.fold = int32(i), int32(i)
		default:
			t.Kind = Punct
			w := i
			i += size
			t.End, t.fold = int32(i), int32(i)
			if size > 1 {
				t.fold = int32(w + copy(s.folded[w:], foldPunct(r)))
				if t.fold == int32(w) {
					t.fold = int32(i)
				}
			}
		}
		s.tokens = append(s.tokens, t)
	}
	n.Tokens, n.folded = s.tokens, unsafe.String(unsafe.SliceData(s.folded), len(s.folded)) // nobody writes to it any more
}

// word reads a word that begins at i and returns its end.
func (s *scanner) word(i int, t *Token) int {
	text := s.text
	w, uppers, letters := i, 0, 0
	plain := true // no byte so far was folded to another length
	if c := text[i]; 'A' <= c && c <= 'Z' {
		t.Flags |= Capital
	}
	for i < len(text) {
		c := text[i]
		switch classes[c] {
		case letter:
			letters++
			if c <= 'Z' {
				uppers++
			}
		case digit:
		case high:
			r, size := utf8.DecodeRuneInString(text[i:])
			var f rune
			switch {
			case r == '’' || r == 'ʼ':
				if !s.letterAt(i + size) {
					goto end
				}
				f = '\''
			case unicode.IsMark(r), r == '\u00ad', r == '\u200b', r == '\u200c', r == '\u200d', r == '\ufeff':
				f = -1
			case unicode.IsLetter(r) || unicode.IsDigit(r):
				f = r
				letters++
				if unicode.IsUpper(r) {
					uppers++
					if i == int(t.Start) {
						t.Flags |= Capital
					}
				}
			default:
				goto end
			}
			plain = false
			w += foldRune(s.folded[w:i+size], f)
			i += size
			continue
		default:
			if c != '\'' || !s.letterAt(i+1) {
				goto end
			}
		}
		if !plain {
			s.folded[w] = lower[c]
		}
		w++
		i++
	}
end:
	if uppers == letters && letters > 1 {
		t.Flags |= Upper
	}
	t.Kind, t.End, t.fold = Word, int32(i), int32(w)
	return i
}

// letterAt reports whether a letter stands at i.
func (s *scanner) letterAt(i int) bool {
	if i >= len(s.text) {
		return false
	}
	if c := classes[s.text[i]]; c != high {
		return c == letter
	}
	r, _ := utf8.DecodeRuneInString(s.text[i:])
	return unicode.IsLetter(r)
}

// number reads a number that begins at i and returns its end.
func (s *scanner) number(i int, t *Token) int {
	text := s.text
	digits := func() int {
		from := i
		for i < len(text) && classes[text[i]] == digit {
			i++
		}
		return i - from
	}
	n := digits()
	for n <= 3 && i+3 < len(text) && text[i] == ',' {
		from := i
		i++
		if n = digits(); n != 3 {
			i = from
			break
		}
	}
	if i+1 < len(text) && text[i] == '.' && classes[text[i+1]] == digit {
		i++
		digits()
	}
	t.Kind, t.End, t.fold = Number, int32(i), int32(i)
	return i
}

// classOf returns the class of a rune that is not ASCII.
func classOf(r rune) class {
	switch {
	case r == 0xad, r == 0xfeff, 0x200b <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, 0x2060 <= r && r <= 0x206f:
		return space // invisible
	case unicode.IsSpace(r):
		return space
	case r == 'ʼ': // a letter for Unicode, an apostrophe here
		return punct
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return letter
	}
	return punct
}
