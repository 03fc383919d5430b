package fhirjson

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// viewString returns b as a string without copying it. The string must not
// outlive the next change of b.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// appendUnescaped appends the text of a JSON string with its escapes resolved.
// The text must be valid.
func appendUnescaped(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
		i++
		switch c = text[i]; c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex4(text, i+1)
			i += 4
			if utf16.IsSurrogate(r) {
				r = utf16.DecodeRune(r, hex4(text, i+3))
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// appendEscaped appends text with the escapes that RFC 8259 demands and no
// others, each in its shortest form.
func appendEscaped(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	for len(text) > 0 {
		n, _ := scan(text, 0)
		dst = append(dst, text[:n]...)
		if n == len(text) {
			break
		}
		switch c := text[n]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		text = text[n+1:]
	}
	return dst
}
