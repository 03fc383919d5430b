package fhirjson

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// numberValue parses a number in field f.
func (p *parser) numberValue(pos int, f schema.FieldID, r *rule) int {
	end, integer := p.number(pos)
	if end < 0 {
		return -1
	}
	if r.class != classDecimal && !(integer && validInteger(p.src[pos:end], r.class)) {
		p.report(pos, issue.Value, "not a valid "+r.typ.String())
	}
	p.nodes = append(p.nodes, Node{
		Start: uint32(pos), End: uint32(end), Next: uint32(len(p.nodes) + 1), Field: f, Type: r.typ, Kind: Number,
	})
	return end
}

// booleanValue parses true or false in field f.
func (p *parser) booleanValue(pos int, f schema.FieldID, r *rule) int {
	kind, word := True, "true"
	if p.src[pos] == 'f' {
		kind, word = False, "false"
	}
	end := p.literal(pos, word)
	if end >= 0 {
		p.nodes = append(p.nodes, Node{
			Start: uint32(pos), End: uint32(end), Next: uint32(len(p.nodes) + 1), Field: f, Type: r.typ, Kind: kind,
		})
	}
	return end
}

// textValue parses a string in field f, whose quote is at pos.
func (p *parser) textValue(pos int, f schema.FieldID, r *rule) int {
	marks := p.marks
	start := pos + 1
	end, flags := p.str(start)
	if end < 0 {
		return -1
	}
	text := p.src[start:end]
	if flags&strEscaped != 0 {
		p.text = appendUnescaped(slices.Grow(p.text[:0], len(text)), text)
		text = p.text
	}
	switch {
	case len(text) == 0:
		p.report(pos, issue.Value, "string is empty")
	case flags&strControl != 0:
		if r.class == classXHTML {
			p.flawed = append(p.flawed, flawedText{start: uint32(start)})
		}
		p.report(pos, issue.Value, "string has a control character other than tab, line feed and carriage return")
	case r.class == classXHTML:
		p.narrativeValue(start, text)
	case !valid(text, r.class):
		p.report(pos, issue.Value, invalidReason(text, r))
	case r.codes != nil && p.opts.Level != StructureOnly && r.codes.Find(viewString(text)) == nil:
		p.report(pos, issue.CodeInvalid, "code is not in the required value set "+r.codes.ValueSet)
	}
	p.nodes = append(p.nodes, Node{
		Start: uint32(start), End: uint32(end), Next: uint32(len(p.nodes) + 1), Field: f, Type: r.typ, Kind: String,
		Escaped: flags&strEscaped != 0, Canonical: p.marks == marks,
	})
	return end + 1
}

// invalidReason says why text is no value of the rule's type.
func invalidReason(text []byte, r *rule) string {
	switch {
	case (r.class == classString || r.class == classMarkdown) && len(text) > maxText:
		return "not a valid " + r.typ.String() + ": longer than 1,048,576 characters"
	case r.class == classID && len(text) > maxID:
		return "not a valid id: longer than 64 characters"
	case r.class == classElementID:
		return "not a valid id of an element: it has white space"
	}
	return "not a valid " + r.typ.String()
}

// narrativeValue checks XHTML, whose source starts at start. [StructureOnly] accepts
// any XHTML that is safe and well-formed.
func (p *parser) narrativeValue(start int, text []byte) {
	if p.xhtml.read(text) {
		return
	}
	f := &p.xhtml.flaw
	p.flawed = append(p.flawed, flawedText{uint32(start), strings.HasPrefix(f.reason, RuleNarrativeContent)})
	if p.opts.AnyNarrative || f.rule && p.opts.Level == StructureOnly {
		return
	}
	code := issue.Value
	if f.rule {
		code = issue.Invariant
	}
	reason := f.reason + ", at character " + strconv.Itoa(utf8.RuneCount(text[:f.at])+1) + " of the narrative"
	if f.path != "" {
		reason += " in " + f.path
	}
	p.report(sourceOffset(p.src, start, f.at), code, reason)
}

// sourceOffset returns the offset in src of byte n of the value of a string whose text
// starts at start.
func sourceOffset(src []byte, start, n int) int {
	at := start
	for n > 0 {
		if src[at] != '\\' {
			at++
			n--
			continue
		}
		r, size := unescape(src[at:])
		if n -= utf8.RuneLen(r); n < 0 {
			break
		}
		at += size
	}
	return at
}
