package fhirjson

import (
	"bytes"
	"cmp"
	"slices"
	"sort"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A scope is a resource that is not contained, with what can be referred to in it.
type scope struct {
	node, end uint32 // its node, and that after it
	contained uint32 // its first contained resource, 0 for none
	// entries are those of the bundle that it is in, or is, as a range of
	// parser.entries.
	first, last int
}

// A local is a value that refers to a contained resource, or with no text to the
// container.
type local struct {
	text string // after the #
	node uint32
}

// checkResource checks what concerns a resource as a whole. Checks of what is in it
// follow.
func (p *parser) checkResource(doc *Document, n Index) {
	node := &doc.Nodes[n]
	if node.Field != 0 && node.Field.Field().Name == "contained" {
		p.checkContained(doc, n)
		return
	}
	p.leave(uint32(n))
	s := scope{node: uint32(n), end: node.Next}
	if around := len(p.scopes) - 1; around >= 0 {
		s.first, s.last = p.scopes[around].first, p.scopes[around].last
	}
	if f := schema.Lookup(node.Type, "contained"); f != 0 {
		if first, ok := doc.Child(n, f); ok {
			s.contained = uint32(first)
		}
	}
	if node.Type == schema.TypeBundle {
		s.first, s.last = p.bundle(doc, n)
	}
	p.scopes = append(p.scopes, s)
	if s.contained != 0 {
		p.checkUse(doc, &s)
	}
}

// leave drops the scopes that end before node n.
func (p *parser) leave(n uint32) {
	for len(p.scopes) > 0 && p.scopes[len(p.scopes)-1].end <= n {
		p.scopes = p.scopes[:len(p.scopes)-1]
	}
}

// contained returns the type of the resource that #id at node n means.
func (p *parser) contained(doc *Document, n Index, id []byte) (t schema.TypeID, reason string) {
	p.leave(uint32(n))
	s := &p.scopes[len(p.scopes)-1]
	if len(id) == 0 {
		return doc.Nodes[s.node].Type, ""
	}
	for i := s.contained; i != 0 && i < s.end && doc.Nodes[i].Field == doc.Nodes[s.contained].Field; i = doc.Nodes[i].Next {
		if bytes.Equal(containedID(doc, i), id) {
			return doc.Nodes[i].Type, ""
		}
	}
	if len(doc.loose) > 0 {
		return 0, "" // it may be there, off the tape
	}
	return 0, "ref-1: there is no contained resource with that id"
}

// containedID returns the id of the contained resource at node i as written; a
// good id has no escapes that matter.
func containedID(doc *Document, i uint32) []byte {
	if c := i + 1; c < doc.Nodes[i].Next && doc.Nodes[c].Field == doc.Nodes[i].Type.Type().First {
		return doc.Text(Index(c), nil)
	}
	return nil
}

// checkContained is dom-2, dom-4 and dom-5: a contained resource has no contained
// resources, version or security labels.
func (p *parser) checkContained(doc *Document, n Index) {
	for c := range doc.Children(n) {
		switch doc.Nodes[c].Field.Field().Name {
		case "contained":
			p.reportNode(doc, c, issue.Invariant, "dom-2: a contained resource has contained resources")
		case "meta":
			for m := range doc.Children(c) {
				switch doc.Nodes[m].Field {
				case metaVersion, metaUpdated:
					p.reportNode(doc, m, issue.Invariant, "dom-4: a contained resource has a version")
				case metaSecurity:
					p.reportNode(doc, m, issue.Invariant, "dom-5: a contained resource has a security label")
				}
			}
		}
	}
}

// checkUse is dom-3: each contained resource is referred to from the resource, or
// refers to its container. Their ids must differ (FHIR R4 §2.3.0.2).
func (p *parser) checkUse(doc *Document, s *scope) {
	if len(doc.loose) > 0 {
		return // the reference may be off the tape
	}
	from := len(p.locals)
	p.collectLocals(doc, s)
	locals := p.locals[from:]
	slices.SortFunc(locals, func(a, b local) int { return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.node, b.node)) })
	contained := doc.Nodes[s.contained].Field
	last := s.contained
	for i := s.contained; i < s.end && doc.Nodes[i].Field == contained; i = doc.Nodes[i].Next {
		last = doc.Nodes[i].Next
		id := containedID(doc, i)
		if id == nil {
			p.reportNode(doc, Index(i), issue.Invariant, "dom-3: a contained resource has no id")
			continue
		}
		if !used(locals, viewString(id), 0, s.end) && !used(locals, "", i, doc.Nodes[i].Next) {
			p.reportNode(doc, Index(i), issue.Invariant, "dom-3: nothing refers to the contained resource, nor does it refer to its container")
		}
	}
	p.checkUnique(doc, s.contained, last)
	clear(locals)
	p.locals = p.locals[:from]
}

// used reports whether one of the sorted locals has the text and is from a node of
// the range.
func used(locals []local, text string, first, end uint32) bool {
	i := sort.Search(len(locals), func(i int) bool {
		l := &locals[i]
		return l.text > text || l.text == text && l.node >= first
	})
	return i < len(locals) && locals[i].text == text && locals[i].node < end
}

// collectLocals adds the values in the scope that refer to something contained:
// references, and what is a uri, url or canonical.
func (p *parser) collectLocals(doc *Document, s *scope) {
	for i := s.node; i < s.end; i++ {
		node := &doc.Nodes[i]
		if node.Kind != String || doc.Source[node.Start] != '#' {
			continue
		}
		switch node.Type {
		case schema.TypeUri, schema.TypeUrl, schema.TypeCanonical:
		default:
			if node.Field != referenceText {
				continue
			}
		}
		p.locals = append(p.locals, local{viewString(doc.Text(Index(i), nil)[1:]), i})
	}
}

// checkUnique reports contained resources, from node first to end, that share an id.
func (p *parser) checkUnique(doc *Document, first, end uint32) {
	from := len(p.locals)
	for i := first; i < end; i = doc.Nodes[i].Next {
		p.locals = append(p.locals, local{viewString(containedID(doc, i)), i})
	}
	ids := p.locals[from:]
	slices.SortFunc(ids, func(a, b local) int { return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.node, b.node)) })
	for i := 1; i < len(ids); i++ {
		if ids[i].text == ids[i-1].text && ids[i].text != "" {
			p.reportNode(doc, Index(ids[i].node), issue.Duplicate, "two contained resources have the same id")
		}
	}
	clear(ids)
	p.locals = p.locals[:from]
}
