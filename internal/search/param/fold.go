package param

import (
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s in the form in which strings are compared: without case, accents and
// punctuation, with runs of white space as one space and none at either end (FHIR R4
// §3.1.1.4.8). "  O'Hára-  Smith" is "ohara smith"; a dash joins its neighbours, as all
// punctuation does. Letters that Unicode does not take apart are spelt out: "Weiß" is
// "weiss" and "Ærø" is "aero".
func Fold(s string) string { return string(AppendFolded(nil, s)) }

// AppendFolded appends Fold(s) to dst. It allocates only for text beyond ASCII or if
// dst is too small.
func AppendFolded(dst []byte, s string) []byte {
	start := len(dst)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			return appendFoldedRunes(dst[:start], s)
		}
		switch folded := asciiFold[c]; folded {
		case 0:
		case ' ':
			if len(dst) > start && dst[len(dst)-1] != ' ' {
				dst = append(dst, ' ')
			}
		default:
			dst = append(dst, folded)
		}
	}
	return trimSpace(dst, start)
}

// asciiFold maps an ASCII byte to its folded form; 0 drops it.
const asciiFold = "\x00\x00\x00\x00\x00\x00\x00\x00\x00     \x00\x00" + // controls; white space is a space
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	" \x00\x00\x00$\x00\x00\x00\x00\x00\x00+\x00\x00\x00\x00" + // of these $ and + are no punctuation
	"0123456789\x00\x00<=>\x00" +
	"\x00abcdefghijklmno" +
	"pqrstuvwxyz\x00\x00\x00^\x00" +
	"`abcdefghijklmno" +
	"pqrstuvwxyz\x00|\x00~\x00"

func appendFoldedRunes(dst []byte, s string) []byte {
	start := len(dst)
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.IsSpace(r):
			if len(dst) > start && dst[len(dst)-1] != ' ' {
				dst = append(dst, ' ')
			}
		case unicode.In(r, unicode.Mn, unicode.Cc, unicode.Cf) || unicode.IsPunct(r):
		default:
			dst = appendLetter(dst, unicode.ToLower(r))
		}
	}
	return trimSpace(dst, start)
}

// appendLetter appends the simple form of a lower-case letter that Unicode does not
// take apart: of a ligature, a letter with a stroke, the Turkish dotless i, the Greek
// final sigma.
func appendLetter(dst []byte, r rune) []byte {
	switch r {
	case 'ß':
		return append(dst, "ss"...)
	case 'æ':
		return append(dst, "ae"...)
	case 'œ':
		return append(dst, "oe"...)
	case 'þ':
		return append(dst, "th"...)
	case 'ø':
		return append(dst, 'o')
	case 'ł':
		return append(dst, 'l')
	case 'đ', 'ð':
		return append(dst, 'd')
	case 'ħ':
		return append(dst, 'h')
	case 'ŧ':
		return append(dst, 't')
	case 'ı':
		return append(dst, 'i')
	case 'ς':
		r = 'σ'
	case 'ʻ', 'ʼ': // letters that stand for an apostrophe
		return dst
	}
	return utf8.AppendRune(dst, r)
}

func trimSpace(dst []byte, start int) []byte {
	if n := len(dst); n > start && dst[n-1] == ' ' {
		return dst[:n-1]
	}
	return dst
}

// CaseMark is put before a code whose case counts, so that it is never taken for a
// folded code. FHIR strings have no control characters but white space, so no code
// begins with it.
const CaseMark = "\x01"

// FoldCode returns a code in the form in which the index holds it.
func FoldCode(code string, sensitive bool) string {
	if sensitive {
		return CaseMark + code
	}
	return strings.ToLower(code)
}

// TypedIdentifier joins a folded code of an identifier's type with the value, for
// :of-type. A unit separator is no character of FHIR's strings.
func TypedIdentifier(code, value string) string {
	return code + "\x1f" + FoldCode(value, false)
}

// AsText returns b as a string without a copy. b must not change while the string is in
// use; index.Builder copies its arguments.
func AsText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
