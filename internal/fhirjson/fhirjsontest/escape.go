package fhirjsontest

import "fmt"

// Escaped writes every letter of the names and strings of good JSON as an escape.
func Escaped(src []byte) []byte {
	var out []byte
	in := false
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case in && c == '\\':
			n := 2
			if src[i+1] == 'u' {
				n = 6
			}
			out = append(out, src[i:i+n]...)
			i += n - 1
		case in && (c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '#' || c == '/'):
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			in = in != (c == '"')
			out = append(out, c)
		}
	}
	return out
}
