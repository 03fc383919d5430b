package fhirjson

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A bundleItem is an entry of a bundle that has a fullUrl.
type bundleItem struct {
	url     string
	version string // meta.versionId of its resource
	node    uint32 // of the fullUrl
	typ     schema.TypeID
}

// bundle checks the fullUrls of the bundle at node n and adds its entries to p.entries,
// sorted; it returns their range.
func (p *parser) bundle(doc *Document, n Index) (first, last int) {
	first = len(p.entries)
	for c := range doc.Children(n) {
		if doc.Nodes[c].Field == bundleEntry {
			p.bundleEntry(doc, c)
		}
	}
	entries := p.entries[first:]
	slices.SortFunc(entries, func(a, b bundleItem) int {
		return cmp.Or(cmp.Compare(a.url, b.url), cmp.Compare(a.version, b.version), cmp.Compare(a.node, b.node))
	})
	if kind, _ := p.textOf(doc, n, bundleKind); string(kind) != "history" {
		for i := 1; i < len(entries); i++ {
			if entries[i].url == entries[i-1].url && entries[i].version == entries[i-1].version {
				p.reportNode(doc, Index(entries[i].node), issue.Invariant, "bdl-7: two entries have the same fullUrl and version")
			}
		}
	}
	return first, len(p.entries)
}

// bundleEntry checks the fullUrl of one entry and adds it to p.entries.
func (p *parser) bundleEntry(doc *Document, entry Index) {
	at, ok := doc.Child(entry, entryFullURL)
	if !ok || doc.Nodes[at].Kind != String {
		return
	}
	url := doc.Text(at, nil)
	item := bundleItem{url: viewString(url), node: uint32(at)}
	resource, has := doc.Child(entry, entryResource)
	if has {
		item.typ = doc.Nodes[resource].Type
		if meta, ok := doc.Child(resource, schema.Lookup(item.typ, "meta")); ok {
			if version, ok := doc.Child(meta, metaVersion); ok {
				item.version = viewString(doc.Text(version, nil))
			}
		}
	}
	p.entries = append(p.entries, item)

	if bytes.Contains(url, []byte("/_history/")) {
		p.reportNode(doc, at, issue.Invariant, "bdl-8: fullUrl is that of a version")
		return
	}
	if !has || bytes.HasPrefix(url, []byte("urn:")) {
		return
	}
	t, id, _ := p.restful(url)
	if t == 0 {
		return
	}
	own := ownID(doc, uint32(resource))
	if t != item.typ || own != nil && !bytes.Equal(own, id) {
		p.reportNode(doc, at, issue.Value, "fullUrl disagrees with the type or id of the resource")
	}
}

// inBundle returns the type of the entry whose fullUrl the reference at node n names, 0
// if there is none.
func (p *parser) inBundle(n Index, url []byte) schema.TypeID {
	p.leave(uint32(n))
	s := &p.scopes[len(p.scopes)-1]
	entries := p.entries[s.firstEntry:s.lastEntry]
	i, found := slices.BinarySearchFunc(entries, viewString(url), func(e bundleItem, url string) int { return cmp.Compare(e.url, url) })
	if !found {
		return 0
	}
	return entries[i].typ
}
