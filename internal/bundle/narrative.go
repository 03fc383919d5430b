package bundle

import (
	"html"
	"strings"
)

// A span is a piece of text by its offsets.
type span struct{ start, end int }

// narrativeLinks returns the values of the linking attributes of an XHTML text: href of
// a, and src of img (FHIR R4 §3.1.0.11.2). It walks over the markup once; text,
// comments, CDATA sections and other attributes are no links. The parser refuses a text
// that is no XHTML.
func narrativeLinks(div string) (links []span) {
	for at := 0; ; {
		open := strings.IndexByte(div[at:], '<')
		if open < 0 {
			return links
		}
		at += open
		switch rest := div[at:]; {
		case strings.HasPrefix(rest, "<!--"):
			at = past(div, at+4, "-->")
		case strings.HasPrefix(rest, "<![CDATA["):
			at = past(div, at, "]]>")
		case strings.HasPrefix(rest, "<?"):
			at = past(div, at, "?>")
		default:
			links, at = tagLinks(links, div, at+1)
		}
	}
}

// tagLinks adds the links of the tag whose name begins at an offset, and returns where
// the tag ends.
func tagLinks(links []span, div string, at int) ([]span, int) {
	start := at
	for at < len(div) && !strings.ContainsRune(" \t\r\n/>", rune(div[at])) {
		at++
	}
	attribute := ""
	switch div[start:at] {
	case "a":
		attribute = "href"
	case "img":
		attribute = "src"
	}
	for at < len(div) && div[at] != '>' {
		start := at
		for at < len(div) && !strings.ContainsRune(" \t\r\n/>=", rune(div[at])) {
			at++
		}
		name := div[start:at]
		for at < len(div) && isSpace(div[at]) {
			at++
		}
		if at == len(div) || div[at] != '=' {
			if at == start {
				at++ // a slash
			}
			continue
		}
		for at++; at < len(div) && isSpace(div[at]); at++ {
		}
		if at == len(div) || div[at] != '"' && div[at] != '\'' {
			continue
		}
		value := at + 1
		length := strings.IndexByte(div[value:], div[at])
		if length < 0 {
			return links, len(div)
		}
		if at = value + length + 1; name == attribute && name != "" {
			links = append(links, span{value, value + length})
		}
	}
	return links, at
}

func past(text string, from int, mark string) int {
	n := strings.Index(text[min(from, len(text)):], mark)
	if n < 0 {
		return len(text)
	}
	return from + n + len(mark)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func unescapeXML(value string) string {
	return strings.TrimSpace(html.UnescapeString(value))
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "'", "&#39;")

func escapeXML(value string) string { return xmlEscapes.Replace(value) }
