package browse

import (
	"strings"
	"unicode/utf8"
)

// MaxBytes is the size of the largest page.
const MaxBytes = 1 << 20

// room is how much of a page its content may have. Frame, style and script have the rest.
const room = MaxBytes - 128<<10

// A literal is HTML that this package wrote. Only constants are converted to it.
type literal string

// A markup is HTML while it is written.
type markup struct{ b []byte }

// add writes a form. Each "%" in it stands for the next value, which is escaped. In an
// attribute it stands between double quotes.
func (m *markup) add(form literal, values ...string) {
	for {
		at := strings.IndexByte(string(form), '%')
		if at < 0 {
			break
		}
		m.b = append(m.b, form[:at]...)
		m.text(values[0])
		form, values = form[at+1:], values[1:]
	}
	m.b = append(m.b, form...)
	if len(values) > 0 {
		panic("browse: a form has fewer places than values")
	}
}

// full reports whether the content has no more room for a row or a line.
func (m *markup) full() bool { return len(m.b) > room }

// longestEscape is how many bytes of HTML a byte of text becomes at most.
const longestEscape = 5

// text writes a text, escaped. Control characters become the pictures that Unicode has for
// them, and bytes that are no UTF-8 become U+FFFD.
func (m *markup) text(s string) {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		size, as := 1, ""
		switch {
		case c == '&':
			as = "&amp;"
		case c == '<':
			as = "&lt;"
		case c == '>':
			as = "&gt;"
		case c == '"':
			as = "&#34;"
		case c == '\'':
			as = "&#39;"
		case c < ' ' && c != '\n' && c != '\t':
			as = string(rune(0x2400 + int(c)))
		case c == 0x7f:
			as = "\u2421"
		case c >= utf8.RuneSelf:
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError || r >= 0x80 && r < 0xa0 || r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe {
				as = "\uFFFD" // no characters of HTML
			}
		}
		if as != "" {
			m.b = append(append(m.b, s[from:i]...), as...)
			from = i + size
		}
		i += size
	}
	m.b = append(m.b, s[from:]...)
}

// cut returns the beginning of a text, at most n bytes, and how many characters follow.
func cut(s string, n int) (beginning string, more int) {
	if len(s) <= n {
		return s, 0
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], utf8.RuneCountInString(s[n:])
}

// short returns a text that fits into a cell.
func short(s string, n int) string {
	s, more := cut(s, n)
	if more > 0 {
		s += "…"
	}
	return s
}
