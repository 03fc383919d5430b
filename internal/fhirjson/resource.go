package fhirjson

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// resource parses a resource in field f, which is 0 for the root.
func (p *parser) resource(open int, f schema.FieldID) int {
	marks := p.marks
	t, pos, typed := p.resourceType(open)
	if pos < 0 {
		return -1
	}
	if t == 0 {
		p.misfit = true
		p.refused = p.refused || f == 0
		return p.skip(open)
	}
	node := len(p.nodes)
	p.nodes = append(p.nodes, Node{Start: uint32(open), Field: f, Type: t, Kind: Object})
	if !p.enter(open) || len(p.nodes) >= p.full && !p.proceed(open) {
		return -1
	}
	if typed {
		switch pos = p.space(pos); p.at(pos) {
		case ',':
			pos = p.fields(p.space(pos+1), open, t, true)
		case '}':
			p.close(t, open, len(p.runs), true)
			pos++
		default:
			pos = p.syntax(pos, "expected , or } after a value")
		}
	} else {
		pos = p.fields(pos, open, t, false)
	}
	if pos < 0 {
		return -1
	}
	p.depth--
	n := &p.nodes[node]
	n.End, n.Next, n.Canonical = uint32(pos), uint32(len(p.nodes)), p.marks == marks
	return pos
}

// resourceHead is how nearly every resource starts.
const resourceHead = `{"resourceType":"`

// resourceType finds the type of the resource at open. If its resourceType comes first,
// typed is set and pos is after it; otherwise pos is at the first name. The type is 0
// if it is missing or wrong, which has been reported.
func (p *parser) resourceType(open int) (t schema.TypeID, pos int, typed bool) {
	if rest := p.src[open:]; len(rest) > len(resourceHead) && string(rest[:len(resourceHead)]) == resourceHead {
		name := rest[len(resourceHead):]
		if n := bytes.IndexByte(name[:min(len(name), 64)], '"'); n >= 0 {
			if t, ok := p.rules.resources[string(name[:n])]; ok {
				return t, open + len(resourceHead) + n + 1, true
			}
		}
	}
	p.marks++
	if open >= p.sought { // not in what was searched for an outer resource
		p.late = clearedMap(p.late)
		p.seeking = true
		p.sought = p.skip(open)
		p.seeking = false
		if p.sought < 0 {
			return 0, -1, false
		}
	}
	first := p.space(open + 1)
	if at, ok := p.late[open]; ok {
		return p.namedType(at), first, false
	}
	p.report(open, issue.Required, "resourceType is missing")
	return 0, first, false
}

// clearedMap returns m without its entries, made if it is nil.
func clearedMap(m map[int]int) map[int]int {
	if m == nil {
		return make(map[int]int)
	}
	clear(m)
	return m
}

// namedType returns the resource type that the string at pos names, or reports it.
func (p *parser) namedType(pos int) schema.TypeID {
	if p.at(pos) == '"' {
		end, flags := p.str(pos + 1)
		if end < 0 {
			return 0
		}
		if t, ok := p.rules.resources[string(p.plain(pos+1, end, flags))]; ok {
			return t
		}
	}
	p.report(pos, issue.Structure, "resourceType is no resource type of FHIR R4")
	return 0
}
