package param

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// AppendWords appends the words of s to dst, with one space between: runs of letters
// and digits, folded as [Fold] does, so that a word is found however it is written. An
// apostrophe joins its neighbours, as in a string search; any other character that is
// no letter or digit separates. "O'Hára's x-ray: 7.5" is "oharas x ray 7 5".
//
// Han, Hiragana and Katakana, which are written without spaces, are words of one
// character each. A UUID is one word with its dashes: as five words it would be found
// no better, and cost the index five times as much.
//
// It allocates only for text beyond ASCII or where dst is too small.
func AppendWords(dst []byte, s string) []byte {
	start, decomposed := len(dst), false
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			if !decomposed {
				s, i, decomposed = norm.NFKD.String(s[i:]), 0, true
			}
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = appendWordRune(dst, start, r)
			i += size
			continue
		}
		switch folded := asciiWord[c]; {
		case folded == 0:
		case folded == ' ':
			dst = separate(dst, start)
		case between(dst, start) && startsUUID(s[i:]):
			dst = appendUUID(dst, s[i:])
			i += uuidLength - 1
		default:
			dst = append(dst, folded)
		}
		i++
	}
	return trimSpace(dst, start)
}

// asciiWord maps an ASCII byte to its folded form, to a space where it separates
// words, or to 0 where it joins them.
var asciiWord = func() (table [utf8.RuneSelf]byte) {
	for c := range table {
		switch {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
			table[c] = byte(c)
		case c >= 'A' && c <= 'Z':
			table[c] = byte(c) + 'a' - 'A'
		case c != '\'':
			table[c] = ' '
		}
	}
	return table
}()

// appendWordRune appends a character beyond ASCII, as NFKD leaves it, to the words
// after start.
func appendWordRune(dst []byte, start int, r rune) []byte {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Cf) || r == '‘' || r == '’':
		return dst
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == 'ー':
		return separate(utf8.AppendRune(separate(dst, start), r), start)
	case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mc, r):
		return appendLetter(dst, unicode.ToLower(r))
	}
	return separate(dst, start)
}

// between reports whether no word is open behind start.
func between(dst []byte, start int) bool { return len(dst) == start || dst[len(dst)-1] == ' ' }

// separate ends the word that was appended last, if there is one after start.
func separate(dst []byte, start int) []byte {
	if between(dst, start) {
		return dst
	}
	return append(dst, ' ')
}

const uuidLength = len("00000000-0000-0000-0000-000000000000")

// startsUUID reports whether s begins with a UUID that no further letter follows.
func startsUUID(s string) bool {
	if len(s) < uuidLength || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	for i := range uuidLength {
		c := s[i]
		if dash := i == 8 || i == 13 || i == 18 || i == 23; !dash && c-'0' > 9 && c|0x20-'a' > 5 {
			return false
		}
	}
	return len(s) == uuidLength || s[uuidLength] < utf8.RuneSelf && asciiWord[s[uuidLength]] == ' '
}

// appendUUID appends the UUID that s begins with, in lower case.
func appendUUID(dst []byte, s string) []byte {
	for i := range uuidLength {
		dst = append(dst, s[i]|0x20) // digits and dashes have the bit
	}
	return dst
}
