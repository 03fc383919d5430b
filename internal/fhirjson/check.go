package fhirjson

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A check is a check of a field's nodes that needs the whole tape.
type check uint8

const (
	checkNone check = iota
	checkResource
	checkReference
	checkCanonical // of a contained resource: of other ones the type cannot be told
	checkConcept
	checkExtension
	checkModifier
	checkSimple    // a Quantity without a comparator
	checkElementID // unique in its resource
)

// checkOf returns the check that a field needs.
func checkOf(f schema.FieldID) check {
	row := f.Field()
	switch {
	case row.Name == "modifierExtension":
		return checkModifier
	case row.Flags&schema.FlagSimple != 0:
		return checkSimple
	case row.Name == "id" && row.Type == schema.TypeString:
		return checkElementID
	case row.Type == schema.TypeExtension:
		return checkExtension
	case row.Type == schema.TypeReference:
		return checkReference
	case row.Type == schema.TypeCanonical && row.Targets != nil:
		return checkCanonical
	case classOf(row.Type.Type()) == classResource:
		return checkResource
	}
	if b := row.Binding.Binding(); row.Type == schema.TypeCodeableConcept && b.Strength == schema.StrengthRequired && b.Codes != nil {
		return checkConcept
	}
	return checkNone
}

// The fields that the checks look at.
var (
	referenceExtension    = field(schema.TypeReference, "extension")
	referenceText         = field(schema.TypeReference, "reference")
	referenceType         = field(schema.TypeReference, "type")
	referenceIdentifier   = field(schema.TypeReference, "identifier")
	referenceDisplay      = field(schema.TypeReference, "display")
	conceptCoding         = field(schema.TypeCodeableConcept, "coding")
	codingSystem          = field(schema.TypeCoding, "system")
	codingCode            = field(schema.TypeCoding, "code")
	quantityComparator    = field(schema.TypeQuantity, "comparator")
	extensionList         = field(schema.TypeExtension, "extension")
	extensionURL          = field(schema.TypeExtension, "url")
	metaVersion           = field(schema.TypeMeta, "versionId")
	metaUpdated           = field(schema.TypeMeta, "lastUpdated")
	metaSecurity          = field(schema.TypeMeta, "security")
	bundleKind            = field(schema.TypeBundle, "type")
	bundleEntry           = field(schema.TypeBundle, "entry")
	entryFullURL          = field(bundleEntry.Field().Type, "fullUrl")
	structureSnapshot     = field(schema.TypeStructureDefinition, "snapshot")
	structureDifferential = field(schema.TypeStructureDefinition, "differential")
	entryResource         = field(bundleEntry.Field().Type, "resource")
)

func field(t schema.TypeID, name string) schema.FieldID { return schema.Lookup(t, name) }

// check makes the checks that need the whole tape.
func (p *parser) check(doc *Document) {
	for i := 0; i < len(doc.Nodes); i++ {
		if i&(nodesPerLook-1) == 0 {
			if p.ended = p.ctx.Err(); p.ended != nil {
				return
			}
		}
		c := p.rules.checks[doc.Nodes[i].Field]
		if c == checkNone {
			continue
		}
		n := Index(i)
		switch c {
		case checkResource:
			p.checkResource(doc, n)
		case checkReference:
			p.checkReference(doc, n)
		case checkCanonical:
			p.checkCanonical(doc, n)
		case checkConcept:
			p.checkConcept(doc, n)
		case checkModifier:
			p.checkExtension(doc, n)
			p.checkModifier(doc, n)
		case checkExtension:
			p.checkExtension(doc, n)
		case checkSimple:
			p.checkSimple(doc, n)
		case checkElementID:
			p.noteElementID(doc, n)
		}
	}
	p.checkElementIDs(doc)
}

// reportNode reports a fault of the value of n.
func (p *parser) reportNode(doc *Document, n Index, code issue.Code, reason string) {
	p.report(doc.offset(n), code, reason)
}

// whole reports whether all properties of n are on the tape: only then is a missing
// property a fault.
func whole(doc *Document, n Index) bool {
	return len(doc.loose) == 0 || len(doc.looseOf(doc.Nodes[n].Start)) == 0
}

// textOf returns the value of the string child of n in field f, nil if there is
// none. It may be p.text, which the next call overwrites.
func (p *parser) textOf(doc *Document, n Index, f schema.FieldID) (text []byte, at Index) {
	c, ok := doc.Child(n, f)
	if !ok || doc.Nodes[c].Kind != String {
		return nil, 0
	}
	return p.stringOf(doc, c), c
}

// stringOf returns the value of a String node. It may be p.text.
func (p *parser) stringOf(doc *Document, n Index) []byte {
	if !doc.Nodes[n].Escaped {
		return doc.Raw(n)
	}
	p.text = doc.Text(n, p.text)
	return p.text
}

// checkExtension is ext-1: an extension has either a value or extensions.
func (p *parser) checkExtension(doc *Document, n Index) {
	if !whole(doc, n) {
		return
	}
	extensions, value := false, false
	for i, end := uint32(n)+1, doc.Nodes[n].Next; i < end; i = doc.Nodes[i].Next {
		switch f := doc.Nodes[i].Field; {
		case f == extensionList:
			extensions = true
		case f > extensionURL:
			value = true
		}
	}
	switch {
	case extensions && value:
		p.reportNode(doc, n, issue.Invariant, "ext-1: extension has both a value and extensions")
	case !extensions && !value:
		p.reportNode(doc, n, issue.Invariant, "ext-1: extension has neither a value nor extensions")
	}
}

// checkSimple is sqty-1: a SimpleQuantity has no comparator.
func (p *parser) checkSimple(doc *Document, n Index) {
	if c, ok := doc.Child(n, quantityComparator); ok {
		p.reportNode(doc, c, issue.Invariant, "sqty-1: a SimpleQuantity has no comparator")
	}
}

// checkModifier warns of a modifier extension that the program does not know. It is no
// error: a program that acts on the resource must know the extension, a store need not
// (FHIR R4 §2.4.1).
func (p *parser) checkModifier(doc *Document, n Index) {
	url, _ := p.textOf(doc, n, extensionURL)
	if known := p.opts.KnownModifier; known != nil && known(string(url)) {
		return
	}
	p.note(finding{doc.offset(n), issue.Warning, issue.Extension, "modifier extension is not known here"})
}

// checkConcept looks for a coding of the required value set (FHIR R4 §4.1.4).
func (p *parser) checkConcept(doc *Document, n Index) {
	if !whole(doc, n) {
		return
	}
	b := doc.Nodes[n].Field.Field().Binding.Binding()
	for i, end := uint32(n)+1, doc.Nodes[n].Next; i < end; i = doc.Nodes[i].Next {
		if doc.Nodes[i].Field != conceptCoding {
			continue
		}
		system, at := p.textOf(doc, Index(i), codingSystem)
		if doc.Nodes[at].Escaped {
			system = bytes.Clone(system)
		}
		code, _ := p.textOf(doc, Index(i), codingCode)
		if b.Has(viewString(system), viewString(code)) {
			return
		}
	}
	p.reportNode(doc, n, issue.CodeInvalid, "no coding is in the required value set "+b.ValueSet)
}
