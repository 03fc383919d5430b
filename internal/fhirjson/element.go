package fhirjson

import (
	"bytes"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// The functions in this file and the next ones take the offset where something
// starts and return the offset after it, or -1 when the parse has ended.

// document parses the whole source.
func (p *parser) document() int {
	if bytes.HasPrefix(p.src, []byte("\xef\xbb\xbf")) {
		return p.syntax(0, "byte order mark before the resource")
	}
	pos := p.space(0)
	if p.at(pos) != '{' {
		return p.syntax(pos, "a resource must be a JSON object")
	}
	if pos = p.resource(pos, 0); pos < 0 {
		return -1
	}
	if pos = p.space(pos); pos < len(p.src) {
		return p.syntax(pos, "text after the resource")
	}
	return pos
}

// at returns the byte at pos, 0 at the end.
func (p *parser) at(pos int) byte {
	if pos < len(p.src) {
		return p.src[pos]
	}
	return 0
}

// space skips white space.
func (p *parser) space(pos int) int {
	if pos < len(p.src) && p.src[pos] > ' ' {
		return pos
	}
	return p.skipSpace(pos)
}

func (p *parser) skipSpace(pos int) int {
	from := pos
	for pos < len(p.src) {
		switch p.src[pos] {
		case ' ', '\n', '\r', '\t':
			pos++
			continue
		}
		break
	}
	if pos > from {
		p.marks++
	}
	return pos
}

// enter counts a level of nesting, for the object or array at pos.
func (p *parser) enter(pos int) bool {
	p.depth++
	if p.depth > MaxDepth {
		p.fail(pos, issue.TooCostly, "nesting is too deep")
		return false
	}
	return true
}

// object parses an object of type t in field f.
func (p *parser) object(open int, f schema.FieldID, t schema.TypeID) int {
	marks := p.marks
	node := len(p.nodes)
	p.nodes = append(p.nodes, Node{Start: uint32(open), Field: f, Type: t, Kind: Object})
	pos := p.members(open, t)
	if pos < 0 {
		return -1
	}
	n := &p.nodes[node]
	n.End, n.Next, n.Canonical = uint32(pos), uint32(len(p.nodes)), p.marks == marks
	return pos
}

// members parses an object of type t as children of the last node, which may not
// be empty.
func (p *parser) members(open int, t schema.TypeID) int {
	if !p.enter(open) || len(p.nodes) >= p.full && !p.proceed(open) {
		return -1
	}
	pos := p.space(open + 1)
	if p.at(pos) == '}' {
		p.report(open, issue.Structure, "object is empty")
		p.misfit = true
		pos++
	} else if pos = p.fields(pos, open, t, false); pos < 0 {
		return -1
	}
	p.depth--
	return pos
}

// fields parses the properties of an object of type t, which starts at open, from
// the name at pos on. In a resource typed says that resourceType was read.
func (p *parser) fields(pos, open int, t schema.TypeID, typed bool) int {
	base := len(p.runs)
	slot := len(p.rules.fields) + int(t)
	ordered := true
	outer := p.misfit
	p.misfit = false
	var last schema.FieldID
	for {
		at := pos
		if p.at(pos) != '"' {
			return p.syntax(pos, "expected a name in quotes")
		}
		f, kind := p.next[slot], nameField
		if pos = p.rules.fields[f].match(p.src, at+1); pos == 0 {
			if f, kind, pos = p.name(at+1, t); pos < 0 {
				return -1
			}
			if kind == nameField {
				p.next[slot] = f
			}
		}
		if p.at(pos) != ':' {
			if pos = p.space(pos); p.at(pos) != ':' {
				return p.syntax(pos, "expected : after a name")
			}
		}
		pos = p.space(pos + 1)

		first := len(p.nodes)
		switch kind {
		case nameField:
			pos = p.value(pos, f)
			ordered = ordered && f > last && !p.holes
			last, slot, p.holes = f, int(f), false
		case nameTwin:
			mark := len(p.loose)
			pos = p.twin(pos, f)
			p.misfit = p.misfit || len(p.loose) > mark
			ordered = false
		case nameType:
			if typed {
				p.refuse(at, issue.Structure, "resourceType stands twice")
			}
			typed = true
			pos = p.skip(pos)
		default:
			p.report(at, issue.Structure, unknownReason(p.src[at+1:stringEnd(p.src, at+1)], t))
			p.misfit = true
			pos = p.skip(pos)
		}
		if pos < 0 {
			return -1
		}
		if p.misfit {
			p.loosen(open, at, pos, first, t, f)
		}
		if kind <= nameTwin {
			p.runs = append(p.runs, run{
				name: uint32(at), start: uint32(first), end: uint32(len(p.nodes)), field: f, twin: kind == nameTwin,
			})
		}

		pos = p.space(pos)
		switch p.at(pos) {
		case ',':
			pos = p.space(pos + 1)
		case '}':
			p.close(t, open, base, ordered)
			p.misfit = outer
			return pos + 1
		default:
			return p.syntax(pos, "expected , or } after a value")
		}
	}
}

// nameKind is what a property name turned out to be.
type nameKind uint8

const (
	nameField nameKind = iota
	nameTwin           // the underscore twin of a primitive field
	nameType           // resourceType
	nameUnknown
)

// name looks up the name whose first byte is at pos, and returns the offset after
// its closing quote.
func (p *parser) name(pos int, t schema.TypeID) (schema.FieldID, nameKind, int) {
	end, flags := p.str(pos)
	if end < 0 {
		return 0, nameUnknown, -1
	}
	if flags&strEscaped != 0 {
		p.marks++
	}
	name := p.plain(pos, end, flags)
	if f := schema.Lookup(t, name); f != 0 {
		return f, nameField, end + 1
	}
	if len(name) > 1 && name[0] == '_' {
		if f := schema.Lookup(t, name[1:]); f != 0 && p.rules.fields[f].twin {
			return f, nameTwin, end + 1
		}
	}
	if string(name) == "resourceType" && t.Type().Kind == schema.KindResource {
		return 0, nameType, end + 1
	}
	return 0, nameUnknown, end + 1
}

// plain returns a string without its escapes. It is good until the next call.
func (p *parser) plain(start, end int, flags strFlags) []byte {
	if flags&strEscaped == 0 {
		return p.src[start:end]
	}
	p.text = appendUnescaped(p.text[:0], p.src[start:end])
	return p.text
}

// unknownReason says that a name is no element of t. It shows the name only if it
// looks like one.
func unknownReason(name []byte, t schema.TypeID) string {
	name = unescapedName(name)
	switch {
	case strings.HasPrefix(string(name), "fhir_comments"):
		return "fhir_comments is not part of FHIR R4"
	case plainName(name):
		return string(name) + " is no element of " + t.String()
	}
	return "unknown element in " + t.String()
}

// value parses the value of field f.
func (p *parser) value(pos int, f schema.FieldID) int {
	r := &p.rules.fields[f]
	if r.array {
		return p.array(pos, f, r, false)
	}
	return p.item(pos, f, r)
}

// twin parses the value of the underscore twin of f, as nodes of kind Null.
func (p *parser) twin(pos int, f schema.FieldID) int {
	r := &p.rules.fields[f]
	if r.array {
		return p.array(pos, f, r, true)
	}
	return p.twinItem(pos, f, r)
}

// twinItem parses the id and extensions of one primitive value.
func (p *parser) twinItem(pos int, f schema.FieldID, r *rule) int {
	if p.at(pos) != '{' {
		return p.wrongKind(pos, "an object")
	}
	node := len(p.nodes)
	p.nodes = append(p.nodes, Node{Start: uint32(pos), End: uint32(pos), Field: f, Type: r.typ})
	if pos = p.members(pos, r.typ); pos >= 0 {
		p.nodes[node].Next = uint32(len(p.nodes))
	}
	return pos
}

// array parses the items of f, or of its twin.
func (p *parser) array(open int, f schema.FieldID, r *rule, twin bool) int {
	if p.at(open) != '[' {
		return p.wrongKind(open, "an array")
	}
	if !p.enter(open) {
		return -1
	}
	pos := p.space(open + 1)
	if p.at(pos) == ']' {
		p.depth--
		p.report(open, issue.Structure, "array is empty")
		p.misfit = true
		return pos + 1
	}
	for n, nulls := 1, 0; ; n++ {
		if len(p.nodes) >= p.full && !p.proceed(pos) {
			return -1
		}
		switch {
		case r.class.primitive() && p.at(pos) == 'n':
			p.holes = !twin
			nulls++
			p.nodes = append(p.nodes, Node{
				Start: uint32(pos), End: uint32(pos), Next: uint32(len(p.nodes) + 1), Field: f, Type: r.typ,
			})
			pos = p.literal(pos, "null")
		case twin:
			pos = p.twinItem(pos, f, r)
		default:
			pos = p.item(pos, f, r)
		}
		if pos < 0 {
			return -1
		}
		pos = p.space(pos)
		switch p.at(pos) {
		case ',':
			pos = p.space(pos + 1)
			continue
		case ']':
		default:
			return p.syntax(pos, "expected , or ] after a value")
		}
		switch {
		case nulls == n:
			p.report(open, issue.Structure, "array has nothing but null")
			p.misfit = true
		case n > int(r.max) && r.max != schema.Unbounded:
			p.report(open, issue.Structure, "more values than the element may have")
		case n < int(r.min):
			p.report(open, issue.Required, "fewer values than the element must have")
		}
		p.depth--
		return pos + 1
	}
}

// item parses one value of field f.
func (p *parser) item(pos int, f schema.FieldID, r *rule) int {
	c := p.at(pos)
	switch {
	case r.class.text():
		if c == '"' {
			return p.textValue(pos, f, r)
		}
		return p.wrongKind(pos, "a string")
	case r.class == classObject:
		if c == '{' {
			return p.object(pos, f, r.typ)
		}
		return p.wrongKind(pos, "an object")
	case r.class.number():
		if c == '-' || c-'0' <= 9 {
			return p.numberValue(pos, f, r)
		}
		return p.wrongKind(pos, "a number")
	case r.class == classBoolean:
		if c == 't' || c == 'f' {
			return p.booleanValue(pos, f, r)
		}
		return p.wrongKind(pos, "true or false")
	case c == '{':
		return p.resource(pos, f)
	}
	return p.wrongKind(pos, "a resource")
}

// wrongKind skips the value at pos and reports that it is of another JSON kind
// than its element.
func (p *parser) wrongKind(pos int, want string) int {
	found := "a number"
	switch p.at(pos) {
	case '{':
		found = "an object"
	case '[':
		found = "an array"
	case '"':
		found = "a string"
	case 't', 'f':
		found = "true or false"
	case 'n':
		found = "null"
	}
	p.report(pos, issue.Structure, "expected "+want+", found "+found)
	p.misfit = true
	return p.skip(pos)
}
