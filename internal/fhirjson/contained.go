package fhirjson

import (
	"cmp"
	"slices"
	"sort"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A scope is a resource that is not contained, with the contained resources and entries
// to which it can refer.
type scope struct {
	node, end uint32 // its node, and that after it
	// The ids of its contained resources, as a range of parser.ids.
	firstID, lastID int
	// The entries of the bundle that it is, or is in, as a range of parser.entries.
	firstEntry, lastEntry int
}

// A local is the id of a contained resource, or a value that refers to it by the id. An
// empty text refers to the container.
type local struct {
	text string
	node uint32
}

// checkResource checks a resource as a whole. Checks of its nodes follow.
func (p *parser) checkResource(doc *Document, n Index) {
	node := &doc.Nodes[n]
	if node.Field != 0 && node.Field.Field().Name == "contained" {
		p.checkContained(doc, n)
		return
	}
	p.leave(uint32(n))
	s := scope{node: uint32(n), end: node.Next, firstID: len(p.ids)}
	if around := len(p.scopes) - 1; around >= 0 {
		s.firstEntry, s.lastEntry = p.scopes[around].firstEntry, p.scopes[around].lastEntry
	}
	if node.Type == schema.TypeBundle {
		s.firstEntry, s.lastEntry = p.bundle(doc, n)
	} else if f := schema.Lookup(node.Type, "contained"); f != 0 {
		p.collectIDs(doc, n, f, p.reportNode)
	}
	s.lastID = len(p.ids)
	p.scopes = append(p.scopes, s)
	if s.lastID > s.firstID {
		p.checkUse(doc, &s)
	}
}

// leave drops the scopes that end before node n.
func (p *parser) leave(n uint32) {
	for last := len(p.scopes) - 1; last >= 0 && p.scopes[last].end <= n; last-- {
		clear(p.ids[p.scopes[last].firstID:])
		p.ids = p.ids[:p.scopes[last].firstID]
		p.scopes = p.scopes[:last]
	}
}

// collectIDs adds the resources that n contains, in field f, to p.ids, sorted. Their
// ids must differ (FHIR R4 §2.3.0.2); report, which may be nil, gets repeated ids.
func (p *parser) collectIDs(doc *Document, n Index, f schema.FieldID, report func(*Document, Index, issue.Code, string)) {
	first, ok := doc.Child(n, f)
	if !ok {
		return
	}
	from := len(p.ids)
	for i := uint32(first); i < doc.Nodes[n].Next && doc.Nodes[i].Field == f; i = doc.Nodes[i].Next {
		p.ids = append(p.ids, local{viewString(ownID(doc, i)), i})
	}
	ids := p.ids[from:]
	sortLocals(ids)
	for i := 1; i < len(ids); i++ {
		if ids[i].text == ids[i-1].text && ids[i].text != "" && report != nil {
			report(doc, Index(ids[i].node), issue.Duplicate, "two contained resources have the same id")
		}
	}
}

func sortLocals(list []local) {
	slices.SortFunc(list, func(a, b local) int { return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.node, b.node)) })
}

// findLocal returns the index in a sorted list of the first local with the text and a
// node from first on, and whether there is one.
func findLocal(list []local, text string, first uint32) (int, bool) {
	i := sort.Search(len(list), func(i int) bool {
		l := &list[i]
		return l.text > text || l.text == text && l.node >= first
	})
	return i, i < len(list) && list[i].text == text
}

// contained returns the type of the resource that #id at node n names, or the reason
// why it names none.
func (p *parser) contained(doc *Document, n Index, id []byte) (t schema.TypeID, reason string) {
	p.leave(uint32(n))
	s := &p.scopes[len(p.scopes)-1]
	if len(id) == 0 {
		return doc.Nodes[s.node].Type, ""
	}
	ids := p.ids[s.firstID:s.lastID]
	if i, ok := findLocal(ids, viewString(id), 0); ok {
		return doc.Nodes[ids[i].node].Type, ""
	}
	if len(doc.loose) > 0 {
		return 0, "" // it may be there, off the tape
	}
	return 0, "ref-1: there is no contained resource with that id"
}

// ownID returns the id of the resource at node i, nil if it has none.
func ownID(doc *Document, i uint32) []byte {
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

// checkUse is dom-3: each contained resource is referred to from the resource, by a
// reference, a uri or a link of a narrative, or refers to its container.
func (p *parser) checkUse(doc *Document, s *scope) {
	p.unused(doc, s, func(id *local) {
		reason := "dom-3: nothing refers to the contained resource, nor does it refer to its container"
		if id.text == "" {
			reason = "dom-3: a contained resource has no id"
		}
		p.reportNode(doc, Index(id.node), issue.Invariant, reason)
	})
}

// ContainedUsed reports whether each resource contained in the resource at node n keeps
// dom-3. If a property is off the tape it returns true, since the reference may be
// there.
func (d *Document) ContainedUsed(n Index) bool {
	f := schema.Lookup(d.Nodes[n].Type, "contained")
	if _, ok := d.Child(n, f); f == 0 || !ok {
		return true
	}
	p := parsers.Get().(*parser)
	defer p.release()
	p.collectIDs(d, n, f, nil)
	used := true
	p.unused(d, &scope{node: uint32(n), end: d.Nodes[n].Next, lastID: len(p.ids)}, func(*local) { used = false })
	return used
}

// unused calls yield for each contained resource of the scope that breaks dom-3.
func (p *parser) unused(doc *Document, s *scope, yield func(id *local)) {
	if len(doc.loose) > 0 {
		return // the reference may be off the tape
	}
	p.collectLocals(doc, s)
	for i := s.firstID; i < s.lastID; i++ {
		id := &p.ids[i]
		if id.text == "" {
			yield(id)
			continue
		}
		if _, used := findLocal(p.locals, id.text, 0); used {
			continue
		}
		if i, refers := findLocal(p.locals, "", id.node); refers && p.locals[i].node < doc.Nodes[id.node].Next {
			continue
		}
		yield(id)
	}
	clear(p.locals)
	p.locals = p.locals[:0]
}

// collectLocals adds to p.locals, sorted, the values in the scope that refer to
// contained resources: references, values of type uri, url and canonical, and links of
// narratives.
func (p *parser) collectLocals(doc *Document, s *scope) {
	for i := s.node; i < s.end; i++ {
		node := &doc.Nodes[i]
		if node.Kind != String {
			continue
		}
		if node.Type == schema.TypeXhtml {
			p.collectLinks(doc, Index(i))
			continue
		}
		if !node.Escaped && doc.Source[node.Start] != '#' {
			continue
		}
		switch node.Type {
		case schema.TypeUri, schema.TypeUrl, schema.TypeCanonical:
		default:
			if node.Field != referenceText {
				continue
			}
		}
		if text := doc.Text(Index(i), nil); len(text) > 0 && text[0] == '#' {
			p.locals = append(p.locals, local{viewString(text[1:]), i})
		}
	}
	sortLocals(p.locals)
}

// collectLinks adds the links of the narrative at node n to p.locals.
func (p *parser) collectLinks(doc *Document, n Index) {
	p.xhtml.links, p.xhtml.node = &p.locals, uint32(n)
	p.xhtml.read(p.stringOf(doc, n))
	p.xhtml.links, p.xhtml.text = nil, nil
}
