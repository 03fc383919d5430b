package fhirjson

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
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
		p.report(pos, issue.Value, "string has a control character other than tab, line feed and carriage return")
	case !p.valid(text, r.class):
		p.report(pos, issue.Value, "not a valid "+r.typ.String())
	case r.codes != nil && p.opts.Level != StructureOnly && r.codes.Find(viewString(text)) == nil:
		p.report(pos, issue.CodeInvalid, "code is not in the required value set "+r.codes.ValueSet)
	}
	p.nodes = append(p.nodes, Node{
		Start: uint32(start), End: uint32(end), Next: uint32(len(p.nodes) + 1), Field: f, Type: r.typ, Kind: String,
		Escaped: flags&strEscaped != 0, Canonical: p.marks == marks,
	})
	return end + 1
}
