package fhirjson

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/fhirlake/fhirlake/internal/quote"
)

// viewString returns b as a string without copying it. The string must not
// outlive the next change of b.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// appendUnescaped appends the text of a JSON string with its escapes resolved.
// The text must be valid.
func appendUnescaped(dst, text []byte) []byte {
	for len(text) > 0 {
		n := bytes.IndexByte(text, '\\')
		if n < 0 {
			return append(dst, text...)
		}
		r, size := unescape(text[n:])
		dst = utf8.AppendRune(append(dst, text[:n]...), r)
		text = text[n+size:]
	}
	return dst
}

// appendMinimal appends the text of a JSON string with the escapes that RFC 8259
// demands and no others, each in its shortest form. The text must be valid.
func appendMinimal(dst, text []byte) []byte {
	for len(text) > 0 {
		n := bytes.IndexByte(text, '\\')
		if n < 0 {
			return append(dst, text...)
		}
		r, size := unescape(text[n:])
		dst = quote.AppendRune(append(dst, text[:n]...), r)
		text = text[n+size:]
	}
	return dst
}

// unescape returns the character that the escape at the start of text stands for,
// and the length of the escape.
func unescape(text []byte) (rune, int) {
	switch c := text[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r := hex4(text, 2)
		if utf16.IsSurrogate(r) {
			return utf16.DecodeRune(r, hex4(text, 8)), 12
		}
		return r, 6
	default:
		return rune(c), 2
	}
}
