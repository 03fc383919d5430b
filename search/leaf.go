package search

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// leaf adds the values of one element to one stream.
func (x *extractor) leaf(at fhirjson.Index, l *leaf, group uint32) {
	kind := x.doc.Nodes[at].Kind
	if kind == fhirjson.Null {
		return
	}
	switch l.kind {
	case leafString:
		x.string(l.param, group, x.text(at))
	case leafWords:
		x.words(l.param, group, x.text(at))
	case leafCode, leafInsensitive, leafSensitive, leafContact, leafBoolean, leafCoding, leafConcept, leafIdentifier:
		x.token(at, l, group)
	case leafCodingText:
		x.label(l.param, group, x.child(at, x.fields.codingDisplay))
	case leafConceptText:
		x.conceptText(at, l.param, group)
	case leafIdentifierText:
		if c, ok := x.doc.Child(at, x.fields.identifierType); ok {
			x.label(l.param, group, x.child(c, x.fields.conceptText))
		}
	case leafIdentifierType:
		x.identifierType(at, l.param, group)
	case leafReference, leafCanonicalReference, leafResource, leafReferenceIdentifier:
		x.reference(at, l, group)
	case leafDate, leafPeriod, leafTiming:
		x.date(at, l, group)
	case leafNumber:
		text := x.text(at)
		x.b.Number(l.param, group, text, text)
	case leafNumberRange:
		if from, to, _ := x.rangeOf(at); from != "" || to != "" {
			x.b.Number(l.param, group, from, to)
		}
	case leafQuantity:
		x.quantity(at, l.param, group)
	case leafMoney:
		if value := x.child(at, x.fields.moneyValue); value != "" {
			x.b.Quantity(l.param, group, value, value, currencySystem, x.child(at, x.fields.moneyCurrency), "")
		}
	case leafRange:
		if from, to, unit := x.rangeOf(at); from != "" || to != "" {
			x.b.Quantity(l.param, group, from, to, x.quantityPart(unit, x.fields.quantitySystem),
				x.quantityPart(unit, x.fields.quantityCode), x.quantityPart(unit, x.fields.quantityUnit))
		}
	case leafSampledData:
		x.sampledData(at, l.param, group)
	case leafURI:
		text := x.text(at)
		x.b.Text(l.param, group, text, text)
	case leafCanonical:
		x.canonical(l.param, group, x.text(at))
	}
}

// currencySystem is the system of the codes of Money (FHIR R4 §2.24.0.5).
const currencySystem = "urn:iso:std:iso:4217"

func (x *extractor) string(p index.Param, group uint32, s string) {
	if s != "" {
		x.b.Text(p, group, x.folded(s), s)
	}
}

// maxWords is how many words of a family name are found one by one. Names have
// ten at most; what has thousands is none, and would fill the index.
const maxWords = 64

// words adds the second and further words of a family name.
func (x *extractor) words(p index.Param, group uint32, s string) {
	rest := x.folded(s)
	for range maxWords - 1 {
		_, after, found := strings.Cut(rest, " ")
		if !found {
			return
		}
		word, _, _ := strings.Cut(after, " ")
		x.b.Text(p, group, word, word)
		rest = after
	}
}

// label adds a text that is only searched by :text, in its folded form.
func (x *extractor) label(p index.Param, group uint32, s string) {
	if s != "" {
		folded := x.folded(s)
		x.b.Text(p, group, folded, folded)
	}
}

func (x *extractor) conceptText(at fhirjson.Index, p index.Param, group uint32) {
	text := x.child(at, x.fields.conceptText)
	x.label(p, group, text)
	for c := range x.doc.Children(at) {
		if x.doc.Nodes[c].Field == x.fields.conceptCoding {
			if display := x.child(c, x.fields.codingDisplay); display != text {
				x.label(p, group, display)
			}
		}
	}
}

func (x *extractor) token(at fhirjson.Index, l *leaf, group uint32) {
	switch l.kind {
	case leafCode:
		code, system := x.text(at), ""
		if found := l.binding.Find(code); found != nil && l.binding.Strength == schema.StrengthRequired {
			system = found.System
		}
		x.b.Token(l.param, group, system, x.code(code, x.caseSensitive(system)))
	case leafInsensitive:
		x.b.Token(l.param, group, "", x.code(x.text(at), false))
	case leafSensitive, leafBoolean:
		x.b.Token(l.param, group, "", x.code(x.text(at), true))
	case leafContact:
		if value := x.child(at, x.fields.contactValue); value != "" {
			x.b.Token(l.param, group, "", x.code(value, false))
		}
	case leafIdentifier:
		x.coded(l.param, group, x.child(at, x.fields.identifierSystem), x.child(at, x.fields.identifierValue))
	case leafCoding:
		x.coding(at, l.param, group)
	case leafConcept:
		for c := range x.doc.Children(at) {
			if x.doc.Nodes[c].Field == x.fields.conceptCoding {
				x.coding(c, l.param, group)
			}
		}
	}
}

// identifierType adds an identifier's value under each code of its type.
func (x *extractor) identifierType(at fhirjson.Index, p index.Param, group uint32) {
	concept, ok := x.doc.Child(at, x.fields.identifierType)
	value := x.child(at, x.fields.identifierValue)
	if !ok || value == "" {
		return
	}
	for c := range x.doc.Children(concept) {
		if x.doc.Nodes[c].Field != x.fields.conceptCoding {
			continue
		}
		system, code := x.child(c, x.fields.codingSystem), x.child(c, x.fields.codingCode)
		if system != "" && code != "" {
			x.b.Token(p, group, system, typedIdentifier(x.code(code, x.caseSensitive(system)), value))
		}
	}
}

func (x *extractor) coding(at fhirjson.Index, p index.Param, group uint32) {
	x.coded(p, group, x.child(at, x.fields.codingSystem), x.child(at, x.fields.codingCode))
}

func (x *extractor) coded(p index.Param, group uint32, system, code string) {
	switch {
	case code != "":
		x.b.Token(p, group, system, x.code(code, x.caseSensitive(system)))
	case system != "":
		x.b.Token(p, group, system, "")
	}
}

func (x *extractor) reference(at fhirjson.Index, l *leaf, group uint32) {
	switch l.kind {
	case leafReference:
		if s := x.child(at, x.fields.referenceText); s != "" {
			x.refer(l.param, group, s)
		}
	case leafReferenceIdentifier:
		if c, ok := x.doc.Child(at, x.fields.referenceIdentifier); ok {
			x.coded(l.param, group, x.child(c, x.fields.identifierSystem), x.child(c, x.fields.identifierValue))
		}
	case leafCanonicalReference:
		x.b.Canonical(l.param, group, withoutVersion(x.text(at)), x.shift != 0)
	case leafResource:
		typ := x.doc.Nodes[at].Type
		if id := x.child(at, schema.Lookup(typ, "id")); validID(id) {
			x.local(l.param, group, typ, id)
		}
	}
}

// canonical adds a canonical with its version and without.
func (x *extractor) canonical(p index.Param, group uint32, s string) {
	x.b.Text(p, group, s, s)
	if url, _, versioned := strings.Cut(s, "|"); versioned {
		x.b.Text(p, group, url, url)
	}
}

// quantityPart returns a child of a Quantity or of a type like it.
func (x *extractor) quantityPart(at fhirjson.Index, offset schema.FieldID) string {
	return x.child(at, x.doc.Nodes[at].Type.Type().First+offset)
}

func (x *extractor) quantity(at fhirjson.Index, p index.Param, group uint32) {
	low := x.quantityPart(at, x.fields.quantityValue)
	if low == "" {
		return
	}
	high := low
	switch x.quantityPart(at, x.fields.quantityComparator) {
	case "<", "<=":
		low = ""
	case ">", ">=":
		high = ""
	}
	x.b.Quantity(p, group, low, high, x.quantityPart(at, x.fields.quantitySystem),
		x.quantityPart(at, x.fields.quantityCode), x.quantityPart(at, x.fields.quantityUnit))
}

// rangeOf returns the ends of a Range, "" for one that is open, and the Quantity
// that has the unit of both.
func (x *extractor) rangeOf(at fhirjson.Index) (from, to string, unit fhirjson.Index) {
	low, hasLow := x.doc.Child(at, x.fields.rangeLow)
	high, hasHigh := x.doc.Child(at, x.fields.rangeHigh)
	unit = low
	if hasLow {
		from = x.quantityPart(low, x.fields.quantityValue)
	} else {
		unit = high
	}
	if hasHigh {
		to = x.quantityPart(high, x.fields.quantityValue)
	}
	return from, to, unit
}
