package fhirjson

import (
	"bytes"
	"strconv"
)

// A span is a piece of text by its offsets.
type span struct{ start, end int }

// maxTags is how deep XHTML may nest: the tags that are open are remembered.
const maxTags = 256

// allowedTag reports whether a narrative may have the element: those of HTML 4.0's
// chapters 7 to 11, without ins and del, and 15, links and images (FHIR R4 §2.4.0,
// txt-1). None of them acts or loads but img.
func allowedTag(name []byte) bool {
	switch string(name) {
	case "p", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "a", "span", "b", "em", "i", "strong", "small", "big",
		"tt", "s", "strike", "u", "font", "center", "dfn", "q", "var", "abbr", "acronym", "cite", "blockquote", "hr",
		"address", "bdo", "kbd", "sub", "sup", "ul", "ol", "li", "dl", "dt", "dd", "dir", "menu", "pre", "table",
		"caption", "colgroup", "col", "thead", "tr", "tfoot", "tbody", "th", "td", "code", "samp", "img", "map", "area":
		return true
	}
	return false
}

// validXHTML reports whether text is one div whose tags match, of elements that a
// narrative may have, without event attributes, links that act and entities that
// XML does not know. It is a check for safety, not of XML.
func (p *parser) validXHTML(text []byte) bool {
	text = bytes.Trim(text, " \t\r\n")
	if !bytes.HasPrefix(text, []byte("<div")) || len(text) == 4 || isNameByte(text[4]) {
		return false
	}
	p.tags = p.tags[:0]
	for pos := 0; ; {
		n := bytes.IndexByte(text[pos:], '<')
		if n < 0 || !validEntities(text[pos:pos+n]) {
			return false
		}
		if pos = p.tag(text, pos+n); pos < 0 {
			return false
		}
		if len(p.tags) == 0 {
			return pos == len(text)
		}
	}
}

// tag checks the markup that starts at pos and returns the offset after it, or -1.
func (p *parser) tag(text []byte, pos int) int {
	if rest := text[pos:]; bytes.HasPrefix(rest, []byte("<!--")) {
		return after(text, pos+4, "-->")
	} else if bytes.HasPrefix(rest, []byte("<![CDATA[")) {
		return after(text, pos, "]]>")
	}
	pos++
	closing := pos < len(text) && text[pos] == '/'
	if closing {
		pos++
	}
	start := pos
	for pos < len(text) && isNameByte(text[pos]) {
		pos++
	}
	name := span{start, pos}
	if !allowedTag(text[start:pos]) {
		return -1
	}
	end := attributes(text, pos)
	if end < 0 {
		return -1
	}
	switch last := len(p.tags) - 1; {
	case closing:
		if last < 0 || !bytes.Equal(text[p.tags[last].start:p.tags[last].end], text[name.start:name.end]) {
			return -1
		}
		p.tags = p.tags[:last]
	case text[end-1] == '/':
		if last < 0 {
			return -1 // the div has nothing in it
		}
	case last+1 == maxTags:
		return -1
	default:
		p.tags = append(p.tags, name)
	}
	return end + 1
}

// attributes checks the attributes from pos on and returns the offset of the > that
// ends the tag, or -1.
func attributes(text []byte, pos int) int {
	for {
		for pos < len(text) && (isXMLSpace(text[pos]) || text[pos] == '/') {
			pos++
		}
		if pos == len(text) {
			return -1
		}
		if text[pos] == '>' {
			return pos
		}
		start := pos
		for pos < len(text) && isNameByte(text[pos]) {
			pos++
		}
		name := text[start:pos]
		pos = skipXMLSpace(text, pos)
		if len(name) == 0 || pos == len(text) || text[pos] != '=' {
			return -1
		}
		pos = skipXMLSpace(text, pos+1)
		if pos == len(text) || text[pos] != '"' && text[pos] != '\'' {
			return -1
		}
		n := bytes.IndexByte(text[pos+1:], text[pos])
		if n < 0 || !validAttribute(name, text[pos+1:pos+1+n]) {
			return -1
		}
		pos += n + 2
	}
}

// validAttribute refuses event attributes, and links that a browser would run.
func validAttribute(name, value []byte) bool {
	if len(name) > 2 && name[0]|0x20 == 'o' && name[1]|0x20 == 'n' {
		return false
	}
	if bytes.IndexByte(value, '<') >= 0 || !validEntities(value) {
		return false
	}
	for _, link := range [...]string{"href", "src", "cite", "longdesc", "usemap", "background", "xlink:href"} {
		if len(name) == len(link) && bytes.EqualFold(name, []byte(link)) {
			return validLink(value, link == "src")
		}
	}
	return true
}

// validLink refuses the schemes that carry a program: javascript, vbscript, and
// data but for an image. A browser resolves entities and leaves out control
// characters and spaces before it looks at the scheme.
func validLink(value []byte, image bool) bool {
	var head [24]byte
	n := 0
	for len(value) > 0 && n < len(head) {
		c, size := character(value)
		value = value[size:]
		if c > ' ' && c < 0x7f {
			if head[n] = byte(c); c >= 'A' && c <= 'Z' {
				head[n] |= 0x20
			}
			n++
		}
	}
	scheme, rest, found := bytes.Cut(head[:n], []byte(":"))
	if !found {
		return true
	}
	switch string(scheme) {
	case "javascript", "vbscript":
		return false
	case "data":
		return image && bytes.HasPrefix(rest, []byte("image/"))
	}
	return true
}

// validEntities reports whether each & starts a reference that XML knows of itself:
// one of five names, or a number (FHIR R4 §2.4.0.1).
func validEntities(text []byte) bool {
	for {
		n := bytes.IndexByte(text, '&')
		if n < 0 {
			return true
		}
		_, size := character(text[n:])
		if size == 1 {
			return false
		}
		text = text[n+size:]
	}
}

// character returns the character at the start of text, an entity resolved, and
// its length there. An & that starts no entity is one byte, as is any other byte.
func character(text []byte) (c rune, size int) {
	const longest = len("&#x10ffff;")
	if text[0] != '&' {
		return rune(text[0]), 1
	}
	end := bytes.IndexByte(text[:min(len(text), longest+8)], ';') // some write leading zeros
	if end < 0 {
		return '&', 1
	}
	switch name := string(text[1:end]); name {
	case "amp":
		return '&', end + 1
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	default:
		if len(name) < 2 || name[0] != '#' {
			return '&', 1
		}
		digits, base := name[1:], 10
		if digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseUint(digits, base, 21)
		if err != nil || n > 0x10ffff {
			return '&', 1
		}
		return rune(n), end + 1
	}
}

func after(text []byte, pos int, mark string) int {
	n := bytes.Index(text[pos:], []byte(mark))
	if n < 0 {
		return -1
	}
	return pos + n + len(mark)
}

func isNameByte(c byte) bool {
	return c-'0' <= 9 || c|0x20-'a' <= 25 || c == '-' || c == '_' || c == ':' || c == '.' || c >= 0x80
}

func isXMLSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func skipXMLSpace(text []byte, pos int) int {
	for pos < len(text) && isXMLSpace(text[pos]) {
		pos++
	}
	return pos
}
