package query

import "strings"

// splitEscaped cuts s at every sep without a backslash before it. Escapes stay as they
// are, since a piece may be split again (FHIR R4 §3.1.1.4.7.1: values are split first
// and unescaped after).
func splitEscaped(s string, sep byte) []string {
	if strings.IndexByte(s, '\\') < 0 {
		return strings.Split(s, string(sep))
	}
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// unescape resolves \, \$ \| and \\. A backslash before anything else stands for
// itself.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`,$|\`, s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
