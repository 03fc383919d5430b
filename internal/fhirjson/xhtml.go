package fhirjson

import "bytes"

// A span is a piece of text by its offsets.
type span struct{ start, end int }

// maxTags is how deep XHTML may nest: the tags that are open are remembered.
const maxTags = 256

// forbidden reports whether FHIR R4 §2.6.1 keeps the element out of a narrative,
// because it acts or loads.
func forbidden(name []byte) bool {
	for _, bad := range [...]string{
		"applet", "base", "body", "embed", "form", "frame", "frameset", "head", "html", "iframe", "link", "meta",
		"object", "script",
	} {
		if len(name) == len(bad) && bytes.EqualFold(name, []byte(bad)) {
			return true
		}
	}
	return false
}

// validXHTML reports whether text is one div whose tags match, without elements
// that act and without event attributes. It is a check for safety, not of XML.
func (p *parser) validXHTML(text []byte) bool {
	text = bytes.Trim(text, " \t\r\n")
	if !bytes.HasPrefix(text, []byte("<div")) || len(text) == 4 || isNameByte(text[4]) {
		return false
	}
	p.tags = p.tags[:0]
	for pos := 0; ; {
		n := bytes.IndexByte(text[pos:], '<')
		if n < 0 {
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
	if pos == start || forbidden(text[start:pos]) {
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

// attributes returns the offset of the > that ends the tag, or -1.
func attributes(text []byte, pos int) int {
	for pos < len(text) {
		switch c := text[pos]; {
		case c == '>':
			return pos
		case c == '"' || c == '\'':
			n := bytes.IndexByte(text[pos+1:], c)
			if n < 0 {
				return -1
			}
			pos += n + 2
		case c == '<':
			return -1
		case c|0x20 == 'o' && pos+1 < len(text) && text[pos+1]|0x20 == 'n' && !isNameByte(text[pos-1]):
			return -1 // an event attribute
		default:
			pos++
		}
	}
	return -1
}

func after(text []byte, pos int, mark string) int {
	n := bytes.Index(text[pos:], []byte(mark))
	if n < 0 {
		return -1
	}
	return pos + n + len(mark)
}

func isNameByte(c byte) bool {
	return c-'0' <= 9 || c|0x20-'a' <= 25 || c == '-' || c == '_' || c == ':' || c >= 0x80
}
