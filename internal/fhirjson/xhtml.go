package fhirjson

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// A span is a piece of text by its offsets.
type span struct{ start, end int }

// maxTags is how deep XHTML may nest: the tags that are open are remembered.
const maxTags = 256

// xhtmlNamespace is the namespace that the div of a narrative declares.
const xhtmlNamespace = "http://www.w3.org/1999/xhtml"

// A flaw is a fault of XHTML.
type flaw struct {
	at     int // offset in the text
	reason string
	path   string // the elements around the place: "div/p"
	// rule is set if the text is safe and well-formed, and only breaks a rule of
	// narratives.
	rule bool
}

// A narrative reads XHTML: one div that declares its namespace, of the elements and
// attributes that FHIR R4 allows (txt-1), with some text or an image (txt-2). It is
// well-formed XML without processing instructions and a document type. Nothing in it
// acts: it has no event attributes and no links that a browser would run.
type narrative struct {
	text    []byte
	tags    []span // that are open
	content bool   // text or an image was found
	flaw    flaw
	// links takes the links of the form #id, each with node; nil drops them.
	links  *[]local
	node   uint32
	buffer []byte
}

// read reads text and reports whether it is without flaw.
func (x *narrative) read(text []byte) bool {
	x.text, x.tags, x.content, x.flaw = text, x.tags[:0], false, flaw{}
	root := skipXMLSpace(text, 0)
	if rest := text[root:]; !bytes.HasPrefix(rest, []byte("<div")) || len(rest) == 4 || isNameByte(rest[4]) {
		x.fail(root, "the root of a narrative is a div")
		return false
	}
	for pos := root; ; {
		end := len(text)
		if n := bytes.IndexByte(text[pos:], '<'); n >= 0 {
			end = pos + n
		}
		if !x.characters(pos, end) {
			return false
		}
		if end == len(text) {
			x.fail(end, "an element is not closed")
			return false
		}
		if pos = x.markup(end); pos < 0 {
			return false
		}
		if len(x.tags) > 0 {
			continue
		}
		if rest := skipXMLSpace(text, pos); rest < len(text) {
			x.fail(rest, "something stands after the div")
			return false
		}
		break
	}
	if !x.content {
		x.breaks(root, "txt-2: a narrative has text or an image")
	}
	return x.flaw.reason == ""
}

// fail notes that text is not safe or well-formed at an offset, and returns -1.
func (x *narrative) fail(at int, reason string) int {
	x.flaw = flaw{at: at, reason: reason, path: x.path()}
	return -1
}

// breaks notes that a rule of narratives is broken at an offset, unless one was
// broken before it.
func (x *narrative) breaks(at int, reason string) {
	if x.flaw.reason == "" {
		x.flaw = flaw{at: at, reason: reason, path: x.path(), rule: true}
	}
}

// path returns the open elements, the innermost last.
func (x *narrative) path() string {
	var out []byte
	for i, tag := range x.tags {
		if i > 0 {
			out = append(out, '/')
		}
		out = append(out, x.text[tag.start:tag.end]...)
	}
	return string(out)
}

// characters checks the text between two pieces of markup.
func (x *narrative) characters(pos, end int) bool {
	text := x.text[pos:end]
	if n := badEntity(text); n >= 0 {
		x.fail(pos+n, "a & that starts no entity of XML")
		return false
	}
	if n := bytes.Index(text, []byte("]]>")); n >= 0 {
		x.fail(pos+n, "]]> stands outside of CDATA")
		return false
	}
	x.content = x.content || hasContent(text)
	return true
}

// hasContent reports whether text has anything but XML's white space.
func hasContent(text []byte) bool {
	for len(text) > 0 {
		c, size := character(text)
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return true
		}
		text = text[size:]
	}
	return false
}

// markup checks the markup that starts at pos and returns the offset after it, or
// -1.
func (x *narrative) markup(pos int) int {
	rest := x.text[pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		n := bytes.Index(rest[4:], []byte("--"))
		if n < 0 || 4+n+2 == len(rest) || rest[4+n+2] != '>' {
			return x.fail(pos, "a comment does not end, or has -- in it")
		}
		return pos + 4 + n + 3
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		const head = len("<![CDATA[")
		n := bytes.Index(rest[head:], []byte("]]>"))
		if n < 0 {
			return x.fail(pos, "CDATA does not end")
		}
		x.content = x.content || len(bytes.Trim(rest[head:head+n], " \t\r\n")) > 0
		return pos + head + n + 3
	}
	return x.tag(pos)
}

// tag checks the tag that starts at pos and returns the offset after it, or -1.
func (x *narrative) tag(open int) int {
	text, pos := x.text, open+1
	closing := pos < len(text) && text[pos] == '/'
	if closing {
		pos++
	}
	name := span{pos, pos}
	for pos < len(text) && isNameByte(text[pos]) {
		pos++
	}
	name.end = pos
	if word := text[name.start:name.end]; !allowedTag(word) {
		if !plainName(word) {
			return x.fail(open, "txt-1: markup that a narrative may not have")
		}
		return x.fail(open, "txt-1: a narrative may not have the element "+string(word))
	}
	last := len(x.tags) - 1
	if closing {
		if pos = skipXMLSpace(text, pos); pos == len(text) || text[pos] != '>' {
			return x.fail(open, "the tag does not end")
		}
		if last < 0 || !bytes.Equal(text[x.tags[last].start:x.tags[last].end], text[name.start:name.end]) {
			return x.fail(open, "the tag closes another element than the one that is open")
		}
		x.tags = x.tags[:last]
		return pos + 1
	}
	if last+1 == maxTags {
		return x.fail(open, "elements nest too deep")
	}
	x.tags = append(x.tags, name)
	end := x.attributes(name, pos)
	switch {
	case end < 0:
		return -1
	case text[end-1] == '/':
		x.tags = x.tags[:last+1]
	}
	return end + 1
}

// attributes checks the attributes of the tag called name, from pos on, and returns
// the offset of the > that ends it, or -1.
func (x *narrative) attributes(name span, pos int) int {
	text := x.text
	var seen [2]uint64 // numbers of the attributes
	for {
		start := skipXMLSpace(text, pos)
		if rest := text[start:]; len(rest) > 0 && rest[0] == '>' || len(rest) > 1 && rest[0] == '/' && rest[1] == '>' {
			x.finish(name, seen)
			return start + bytes.IndexByte(rest, '>')
		}
		end := start
		for end < len(text) && isNameByte(text[end]) {
			end++
		}
		value := skipXMLSpace(text, end)
		if start == pos || end == start || value == len(text) || text[value] != '=' {
			return x.fail(start, "an attribute is malformed, or the tag does not end")
		}
		value = skipXMLSpace(text, value+1)
		if value == len(text) || text[value] != '"' && text[value] != '\'' {
			return x.fail(start, "the value of an attribute has no quotes")
		}
		n := bytes.IndexByte(text[value+1:], text[value])
		if n < 0 {
			return x.fail(start, "the value of an attribute does not end")
		}
		number := attributeNumbers[string(text[start:end])]
		if number > 0 && seen[number/64]>>(number%64)&1 != 0 {
			return x.fail(start, "an attribute stands twice")
		}
		seen[number/64] |= 1 << (number % 64)
		if !x.attribute(start, text[start:end], text[value+1:value+1+n], number) {
			return -1
		}
		pos = value + n + 2
	}
}

// finish looks at a tag as a whole: the root declares the namespace, and an image
// with a source is content.
func (x *narrative) finish(name span, seen [2]uint64) {
	has := func(number uint8) bool { return seen[number/64]>>(number%64)&1 != 0 }
	if len(x.tags) == 1 && !has(numberOfNamespace) {
		x.breaks(name.start-1, "txt-1: the div does not declare the namespace "+xhtmlNamespace)
	}
	if string(x.text[name.start:name.end]) == "img" && has(numberOfSource) {
		x.content = true
	}
}

// attribute checks one attribute.
func (x *narrative) attribute(at int, name, value []byte, number uint8) bool {
	switch {
	case len(name) > 2 && name[0]|0x20 == 'o' && name[1]|0x20 == 'n':
		x.fail(at, "txt-1: a narrative may not have event attributes")
		return false
	case bytes.IndexByte(value, '<') >= 0:
		x.fail(at, "the value of an attribute has a <")
		return false
	case badEntity(value) >= 0:
		x.fail(at, "a & that starts no entity of XML")
		return false
	case isLink(name) && !validLink(value, bytes.EqualFold(name, []byte("src"))):
		x.fail(at, "txt-1: a link of a narrative may not run a program")
		return false
	case number == 0 && plainName(name):
		x.breaks(at, "txt-1: a narrative may not have the attribute "+string(name))
	case number == 0:
		x.breaks(at, "txt-1: an attribute that a narrative may not have")
	case string(name) == "xmlns" && string(value) != xhtmlNamespace:
		x.breaks(at, "txt-1: a namespace other than "+xhtmlNamespace)
	case x.links != nil && (string(name) == "href" || string(name) == "src"):
		x.addLink(value)
	}
	return true
}

// addLink adds the value of a link to x.links, if it has the form #id. The link # alone
// leads to the top of the page.
func (x *narrative) addLink(value []byte) {
	x.buffer = appendCharacters(x.buffer[:0], value)
	if id, ok := bytes.CutPrefix(bytes.TrimSpace(x.buffer), []byte("#")); ok && len(id) > 0 {
		*x.links = append(*x.links, local{string(id), x.node})
	}
}

// isLink reports whether an attribute holds an address. Like a browser it ignores case.
func isLink(name []byte) bool {
	for _, link := range [...]string{"href", "src", "cite", "longdesc", "usemap", "background", "xlink:href"} {
		if len(name) == len(link) && bytes.EqualFold(name, []byte(link)) {
			return true
		}
	}
	return false
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

// badEntity returns the offset of the first & that starts no reference that XML
// knows of itself, one of five names or a number (FHIR R4 §2.4.0.1), or -1.
func badEntity(text []byte) int {
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], '&')
		if n < 0 {
			return -1
		}
		_, size := character(text[at+n:])
		if size == 1 {
			return at + n
		}
		at += n + size
	}
}

// appendCharacters appends text with its entities resolved.
func appendCharacters(dst, text []byte) []byte {
	for len(text) > 0 {
		n := bytes.IndexByte(text, '&')
		if n < 0 {
			return append(dst, text...)
		}
		c, size := character(text[n:])
		dst = utf8.AppendRune(append(dst, text[:n]...), c)
		text = text[n+size:]
	}
	return dst
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
		if err != nil || !isXMLCharacter(rune(n)) {
			return '&', 1
		}
		return rune(n), end + 1
	}
}

// isXMLCharacter reports whether XML 1.0 has the character.
func isXMLCharacter(c rune) bool {
	return c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c <= 0xd7ff || c >= 0xe000 && c <= 0xfffd || c >= 0x10000 && c <= 0x10ffff
}

func isNameByte(c byte) bool {
	return c-'0' <= 9 || c|0x20-'a' <= 25 || c == '-' || c == '_' || c == ':' || c == '.' || c >= 0x80
}

func skipXMLSpace(text []byte, pos int) int {
	for pos < len(text) && (text[pos] == ' ' || text[pos] == '\t' || text[pos] == '\r' || text[pos] == '\n') {
		pos++
	}
	return pos
}
