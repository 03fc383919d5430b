package note

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldRune writes r in lower case and without accent to the start of to, if it
// fits, and returns the bytes written. A negative r is nothing.
func foldRune(to []byte, r rune) int {
	switch r {
	case -1:
		return 0
	case 'ß':
		return copy(to, "ss")
	case 'æ', 'Æ':
		return copy(to, "ae")
	case 'œ', 'Œ':
		return copy(to, "oe")
	case 'ø', 'Ø':
		return copy(to, "o")
	case 'ł', 'Ł':
		return copy(to, "l")
	case 'đ', 'Đ':
		return copy(to, "d")
	case 'ı', 'İ':
		return copy(to, "i")
	case 'ﬁ':
		return copy(to, "fi")
	case 'ﬂ':
		return copy(to, "fl")
	case 'µ':
		return copy(to, "μ")
	}
	var buf [utf8.UTFMax]byte
	l := r
	if d := norm.NFD.Properties(buf[:utf8.EncodeRune(buf[:], r)]).Decomposition(); len(d) > 0 {
		if l, _ = utf8.DecodeRune(d); l > unicode.MaxLatin1 {
			l = r // not a letter with an accent
		}
	}
	l = unicode.ToLower(l)
	if utf8.RuneLen(l) > len(to) {
		l = r
	}
	return utf8.EncodeRune(to, l)
}

// foldPunct returns the plain form of a mark that is not ASCII, "" if it has none.
func foldPunct(r rune) string {
	switch r {
	case '‐', '‑', '‒', '–', '−':
		return "-"
	case '‘', '’', 'ʼ':
		return "'"
	case '“', '”':
		return `"`
	case '…':
		return "..."
	case '≤':
		return "<="
	case '≥':
		return ">="
	}
	return ""
}
