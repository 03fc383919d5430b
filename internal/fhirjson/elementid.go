package fhirjson

import (
	"cmp"
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// An elementID is the id of an element.
type elementID struct {
	text string
	// space is the node within which the id must be unique: the innermost resource,
	// or the snapshot or differential of a StructureDefinition, which repeat each
	// other's ids.
	space uint32
	node  uint32
}

// noteElementID adds the id at node n to p.elementIDs.
func (p *parser) noteElementID(doc *Document, n Index) {
	if doc.Nodes[n].Kind == String {
		p.elementIDs = append(p.elementIDs, elementID{text: viewString(doc.Text(n, nil)), node: uint32(n)})
	}
}

// checkElementIDs reports ids of elements that stand twice in one resource (FHIR R4
// §2.24.0.2). Ids in a contained resource, or in the resource of an entry, are apart.
func (p *parser) checkElementIDs(doc *Document) {
	if len(p.elementIDs) < 2 {
		clear(p.elementIDs)
		p.elementIDs = p.elementIDs[:0]
		return
	}
	p.findSpaces(doc)
	slices.SortFunc(p.elementIDs, func(a, b elementID) int {
		return cmp.Or(cmp.Compare(a.space, b.space), cmp.Compare(a.text, b.text), cmp.Compare(a.node, b.node))
	})
	for i := 1; i < len(p.elementIDs); i++ {
		if id, before := &p.elementIDs[i], &p.elementIDs[i-1]; id.space == before.space && id.text == before.text {
			p.reportNode(doc, Index(id.node), issue.Invariant, "two elements of the resource have the same id")
		}
	}
	clear(p.elementIDs) // they refer to the source
	p.elementIDs = p.elementIDs[:0]
}

// findSpaces fills in the space of each of p.elementIDs, which are in the order of
// the tape.
func (p *parser) findSpaces(doc *Document) {
	var open []uint32 // the spaces around a node, the innermost last
	at := 0
	for i := range doc.Nodes {
		for len(open) > 0 && doc.Nodes[open[len(open)-1]].Next <= uint32(i) {
			open = open[:len(open)-1]
		}
		if isIDSpace(&doc.Nodes[i]) {
			open = append(open, uint32(i))
		}
		if uint32(i) == p.elementIDs[at].node {
			p.elementIDs[at].space = open[len(open)-1]
			if at++; at == len(p.elementIDs) {
				return
			}
		}
	}
}

// isIDSpace reports whether the ids in a node are apart from those around it.
func isIDSpace(n *Node) bool {
	if n.Kind != Object {
		return false
	}
	return n.Type.Type().Kind == schema.KindResource || n.Field == structureSnapshot || n.Field == structureDifferential
}
