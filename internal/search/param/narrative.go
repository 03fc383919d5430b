package param

import (
	"html"
	"strings"
)

// appendNarrative appends to dst the visible text of XHTML: entities decoded, without
// tags, attributes and comments. Tags of running text vanish, so that <b>b</b>old is
// one word; all other tags, such as paragraphs, cells and images, are a space (FHIR R4
// §2.4.0). Markup that does not end, which only a lenient store keeps, counts as text.
//
// It looks at each byte a bounded number of times.
func appendNarrative(dst []byte, s string) []byte {
	for {
		text, markup, found := strings.Cut(s, "<")
		dst = append(dst, html.UnescapeString(text)...)
		if !found {
			return dst
		}
		inside, after, space := cutMarkup(markup)
		if space {
			dst = append(dst, ' ')
		}
		dst, s = append(dst, inside...), after
	}
}

// cutMarkup cuts the markup that a < has begun. It returns the text inside the markup
// and the text after it. space says that it separates words.
func cutMarkup(s string) (inside, after string, space bool) {
	if comment, found := strings.CutPrefix(s, "!--"); found {
		if _, after, found = strings.Cut(comment, "-->"); found {
			return "", after, false
		}
		return s, "", true
	}
	if data, found := strings.CutPrefix(s, "![CDATA["); found {
		inside, after, _ = strings.Cut(data, "]]>")
		return inside, after, false
	}
	name := strings.TrimPrefix(s, "/")
	n := 0
	for n < len(name) && (name[n]|0x20-'a' <= 25 || n > 0 && name[n]-'0' <= 9) {
		n++
	}
	if n == 0 { // a < that begins nothing
		return "", s, true
	}
	if end := tagEnd(s); end > 0 {
		return "", s[end:], !runsOn(name[:n])
	}
	return s, "", true
}

// tagEnd returns the offset after the > that ends a tag, or 0. One in a quoted
// attribute does not.
func tagEnd(s string) int {
	quote := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return 0
}

// runsOn reports whether an element is part of the running text around it.
func runsOn(name string) bool {
	switch strings.ToLower(name) {
	case "a", "abbr", "acronym", "b", "bdo", "big", "cite", "code", "dfn", "em", "font", "i", "kbd", "q", "s", "samp",
		"small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var":
		return true
	}
	return false
}
