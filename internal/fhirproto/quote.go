package fhirproto

import (
	"encoding/binary"
	"unicode/utf8"
)

// appendQuoted appends text as a JSON string and reports whether it is UTF-8.
func appendQuoted(dst, text []byte) ([]byte, bool) {
	dst, ok := appendEscaped(append(dst, '"'), text)
	return append(dst, '"'), ok
}

// appendEscaped appends text with the escapes that RFC 8259 demands in a string,
// each in its shortest form, and reports whether it is UTF-8.
func appendEscaped(dst, text []byte) ([]byte, bool) {
	for len(text) > 0 {
		n := plainPrefix(text)
		dst = append(dst, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			break
		}
		if text[0] < utf8.RuneSelf {
			dst = appendEscape(dst, text[0])
			text = text[1:]
			continue
		}
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			return dst, false
		}
		dst = append(dst, text[:size]...)
		text = text[size:]
	}
	return dst, true
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		c = 'b'
	case '\f':
		c = 'f'
	case '\n':
		c = 'n'
	case '\r':
		c = 'r'
	case '\t':
		c = 't'
	default:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
	return append(dst, '\\', c)
}

// The byte n in every byte of a word, for plainPrefix.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plainPrefix returns how many bytes at the start of text are ASCII that needs no
// escape.
func plainPrefix(text []byte) int {
	n := 0
	for ; n+8 <= len(text); n += 8 {
		w := binary.LittleEndian.Uint64(text[n:])
		quote := w ^ ones*'"'
		slash := w ^ ones*'\\'
		// A borrow can only mark too many bytes, and marked bytes are looked at again
		// below.
		if (w|(w-ones*' ')|(quote-ones)|(slash-ones))&highs != 0 {
			break
		}
	}
	for ; n < len(text); n++ {
		if c := text[n]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return n
}

// validNumber reports whether text is a JSON number.
func validNumber(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	n := digits(text)
	if n == 0 || n > 1 && text[0] == '0' {
		return false
	}
	text = text[n:]
	if len(text) > 0 && text[0] == '.' {
		if n = digits(text[1:]); n == 0 {
			return false
		}
		text = text[1+n:]
	}
	if len(text) > 0 && text[0]|0x20 == 'e' {
		text = text[1:]
		if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
			text = text[1:]
		}
		if n = digits(text); n == 0 {
			return false
		}
		text = text[n:]
	}
	return len(text) == 0
}

// digits returns how many digits text starts with.
func digits(text []byte) int {
	n := 0
	for n < len(text) && text[n]-'0' <= 9 {
		n++
	}
	return n
}
