package fhirjson

import (
	"bytes"
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// checkReference checks the shape of a Reference, what it refers to inside the
// resource, and its type against the targets of its element (FHIR R4 §2.3.0).
func (p *parser) checkReference(doc *Document, n Index) {
	text, at := p.textOf(doc, n, referenceText)
	if text == nil {
		p.checkLogical(doc, n)
	} else if !valid(text, classURI) {
		return // reported by the parse
	}
	var target schema.TypeID
	if text != nil {
		var reason string
		if target, reason = p.targetOf(doc, n, text); reason != "" {
			p.reportNode(doc, at, issue.Value, reason)
			return
		}
	}
	if name, named := p.textOf(doc, n, referenceType); name != nil {
		t, ok := p.rules.resources[viewString(name)]
		switch {
		case !ok:
			p.reportNode(doc, named, issue.Value, "type of the reference is no resource type of FHIR R4")
			return
		case target == 0:
			target, at = t, named
		case t != target:
			p.reportNode(doc, named, issue.Value, "type of the reference is not that of what it refers to")
			return
		}
	}
	if !allowed(doc.Nodes[n].Field, target) {
		p.reportNode(doc, at, issue.Value, "reference to a type that the element does not allow")
	}
}

// checkLogical checks a Reference without a reference: it must have an identifier,
// a display or an extension (FHIR R4 §2.3.0).
func (p *parser) checkLogical(doc *Document, n Index) {
	for i, end := uint32(n)+1, doc.Nodes[n].Next; i < end; i = doc.Nodes[i].Next {
		switch doc.Nodes[i].Field {
		case referenceText, referenceIdentifier, referenceDisplay, referenceExtension:
			return
		}
	}
	if whole(doc, n) {
		p.reportNode(doc, n, issue.Required, "reference has neither reference, identifier nor display")
	}
}

// checkCanonical checks a canonical that refers to a contained resource. The type of
// another resource does not follow from a URL. A missing contained resource is a
// warning: ref-1 is on Reference alone, and one of HL7's own examples breaks it.
func (p *parser) checkCanonical(doc *Document, n Index) {
	if doc.Nodes[n].Kind != String {
		return
	}
	text := p.stringOf(doc, n)
	if len(text) < 2 || text[0] != '#' {
		return
	}
	target, reason := p.contained(doc, n, text[1:])
	switch {
	case reason != "":
		p.note(finding{doc.offset(n), issue.Warning, issue.NotFound, "there is no contained resource with that id"})
	case !allowed(doc.Nodes[n].Field, target):
		p.reportNode(doc, n, issue.Value, "reference to a type that the element does not allow")
	}
}

// allowed reports whether a reference in field f may be to a target; 0 is an unknown
// type.
func allowed(f schema.FieldID, target schema.TypeID) bool {
	targets := f.Field().Targets
	return target == 0 || targets == nil || slices.Contains(targets, target)
}

// targetOf returns the type to which the reference text at node n refers, 0 if it is
// unknown, and the reason if the reference is wrong.
func (p *parser) targetOf(doc *Document, n Index, text []byte) (t schema.TypeID, reason string) {
	switch {
	case len(text) == 0:
		return 0, "" // reported by the parse
	case text[0] == '#':
		return p.contained(doc, n, text[1:])
	case bytes.HasPrefix(text, []byte("urn:")):
		return p.inBundle(n, text), ""
	case hasScheme(text):
		t, _, _ := p.restful(text)
		return t, ""
	}
	if q := bytes.IndexByte(text, '?'); q >= 0 { // conditional, in a transaction (FHIR R4 §3.1.0.11.2)
		if t := p.rules.resources[viewString(text[:q])]; t != 0 {
			return t, ""
		}
		return 0, "reference does not start with a resource type of FHIR R4"
	}
	t, _, path := p.restful(text)
	if t == 0 || len(path) > 0 || text[0] == '/' {
		return 0, "relative reference is not of the form Type/id or Type/id/_history/version"
	}
	return t, ""
}

// hasScheme reports whether text is an absolute URI (RFC 3986 §3.1).
func hasScheme(text []byte) bool {
	for i, c := range text {
		switch {
		case c == ':':
			return i > 0
		case c|0x20-'a' <= 25, i > 0 && (c-'0' <= 9 || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return false
}

// restful splits a text that ends in Type/id or Type/id/_history/version into type, id
// and the text before them. The type is 0 for any other text.
func (p *parser) restful(text []byte) (t schema.TypeID, id, base []byte) {
	rest, id := cutLast(text)
	rest, name := cutLast(rest)
	if string(name) == "_history" {
		if !ValidID(id) {
			return 0, nil, nil
		}
		rest, id = cutLast(rest)
		rest, name = cutLast(rest)
	}
	if !ValidID(id) {
		return 0, nil, nil
	}
	return p.rules.resources[viewString(name)], id, rest
}

// cutLast splits a path before its last segment: "a/b/c" into "a/b" and "c".
func cutLast(path []byte) (before, last []byte) {
	slash := bytes.LastIndexByte(path, '/')
	return path[:max(slash, 0)], path[slash+1:]
}
