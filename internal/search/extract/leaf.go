package extract

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// leaf adds the values of one element to one stream.
func (x *Extractor) leaf(at fhirjson.Index, l *param.Leaf, group uint32) {
	kind := x.doc.Nodes[at].Kind
	if kind == fhirjson.Null {
		return
	}
	switch l.Kind {
	case param.LeafString:
		x.string(l.Param, group, x.text(at))
	case param.LeafWords:
		x.words(l.Param, group, x.text(at))
	case param.LeafCode, param.LeafInsensitive, param.LeafSensitive, param.LeafContact, param.LeafBoolean, param.LeafCoding, param.LeafConcept, param.LeafIdentifier:
		x.token(at, l, group)
	case param.LeafCodingText:
		x.label(l.Param, group, x.child(at, x.Fields.CodingDisplay))
	case param.LeafConceptText:
		x.conceptText(at, l.Param, group)
	case param.LeafIdentifierText:
		if c, ok := x.doc.Child(at, x.Fields.IdentifierType); ok {
			x.label(l.Param, group, x.child(c, x.Fields.ConceptText))
		}
	case param.LeafIdentifierType:
		x.identifierType(at, l.Param, group)
	case param.LeafReference, param.LeafCanonicalReference, param.LeafResource, param.LeafReferenceIdentifier:
		x.reference(at, l, group)
	case param.LeafDate, param.LeafPeriod, param.LeafTiming:
		x.date(at, l, group)
	case param.LeafNumber:
		text := x.text(at)
		x.b.Number(l.Param, group, text, text)
	case param.LeafNumberRange:
		if from, to, _ := x.rangeOf(at); from != "" || to != "" {
			x.b.Number(l.Param, group, from, to)
		}
	case param.LeafQuantity:
		x.quantity(at, l.Param, group)
	case param.LeafMoney:
		if value := x.child(at, x.Fields.MoneyValue); value != "" {
			x.b.Quantity(l.Param, group, value, value, currencySystem, x.child(at, x.Fields.MoneyCurrency), "")
		}
	case param.LeafRange:
		if from, to, unit := x.rangeOf(at); from != "" || to != "" {
			x.b.Quantity(l.Param, group, from, to, x.quantityPart(unit, x.Fields.QuantitySystem),
				x.quantityPart(unit, x.Fields.QuantityCode), x.quantityPart(unit, x.Fields.QuantityUnit))
		}
	case param.LeafSampledData:
		x.sampledData(at, l.Param, group)
	case param.LeafURI:
		text := x.text(at)
		x.b.Text(l.Param, group, text, text)
	case param.LeafCanonical:
		x.canonical(l.Param, group, x.text(at))
	}
}

// currencySystem is the system of the codes of Money (FHIR R4 §2.24.0.5).
const currencySystem = "urn:iso:std:iso:4217"

func (x *Extractor) string(p index.Param, group uint32, s string) {
	if s != "" {
		x.b.Text(p, group, x.folded(s), s)
	}
}

// maxWords is how many words of a family name are found one by one. Real names have ten
// at most; a text with thousands of words would fill the index.
const maxWords = 64

// words adds the second and further words of a family name.
func (x *Extractor) words(p index.Param, group uint32, s string) {
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

// label adds a text for :text, in its folded form.
func (x *Extractor) label(p index.Param, group uint32, s string) {
	if s != "" {
		folded := x.folded(s)
		x.b.Text(p, group, folded, folded)
	}
}

func (x *Extractor) conceptText(at fhirjson.Index, p index.Param, group uint32) {
	text := x.child(at, x.Fields.ConceptText)
	x.label(p, group, text)
	for c := range x.doc.Children(at) {
		if x.doc.Nodes[c].Field == x.Fields.ConceptCoding {
			if display := x.child(c, x.Fields.CodingDisplay); display != text {
				x.label(p, group, display)
			}
		}
	}
}

func (x *Extractor) token(at fhirjson.Index, l *param.Leaf, group uint32) {
	switch l.Kind {
	case param.LeafCode:
		code, system := x.text(at), ""
		if found := l.Binding.Find(code); found != nil && l.Binding.Strength == schema.StrengthRequired {
			system = found.System
		}
		x.b.Token(l.Param, group, system, x.code(code, x.caseSensitive(system)))
	case param.LeafInsensitive:
		x.b.Token(l.Param, group, "", x.code(x.text(at), false))
	case param.LeafSensitive, param.LeafBoolean:
		x.b.Token(l.Param, group, "", x.code(x.text(at), true))
	case param.LeafContact:
		if value := x.child(at, x.Fields.ContactValue); value != "" {
			x.b.Token(l.Param, group, "", x.code(value, false))
		}
	case param.LeafIdentifier:
		x.coded(l.Param, group, x.child(at, x.Fields.IdentifierSystem), x.child(at, x.Fields.IdentifierValue))
	case param.LeafCoding:
		x.coding(at, l.Param, group)
	case param.LeafConcept:
		for c := range x.doc.Children(at) {
			if x.doc.Nodes[c].Field == x.Fields.ConceptCoding {
				x.coding(c, l.Param, group)
			}
		}
	}
}

// identifierType adds an identifier's value under each code of its type.
func (x *Extractor) identifierType(at fhirjson.Index, p index.Param, group uint32) {
	concept, ok := x.doc.Child(at, x.Fields.IdentifierType)
	value := x.child(at, x.Fields.IdentifierValue)
	if !ok || value == "" {
		return
	}
	for c := range x.doc.Children(concept) {
		if x.doc.Nodes[c].Field != x.Fields.ConceptCoding {
			continue
		}
		system, code := x.child(c, x.Fields.CodingSystem), x.child(c, x.Fields.CodingCode)
		if system != "" && code != "" {
			x.b.Token(p, group, system, param.TypedIdentifier(x.code(code, x.caseSensitive(system)), value))
		}
	}
}

func (x *Extractor) coding(at fhirjson.Index, p index.Param, group uint32) {
	x.coded(p, group, x.child(at, x.Fields.CodingSystem), x.child(at, x.Fields.CodingCode))
}

func (x *Extractor) coded(p index.Param, group uint32, system, code string) {
	switch {
	case code != "":
		x.b.Token(p, group, system, x.code(code, x.caseSensitive(system)))
	case system != "":
		x.b.Token(p, group, system, "")
	}
}

func (x *Extractor) reference(at fhirjson.Index, l *param.Leaf, group uint32) {
	switch l.Kind {
	case param.LeafReference:
		if s := x.child(at, x.Fields.ReferenceText); s != "" {
			x.refer(l.Param, group, s)
		}
	case param.LeafReferenceIdentifier:
		if c, ok := x.doc.Child(at, x.Fields.ReferenceIdentifier); ok {
			x.coded(l.Param, group, x.child(c, x.Fields.IdentifierSystem), x.child(c, x.Fields.IdentifierValue))
		}
	case param.LeafCanonicalReference:
		x.b.Canonical(l.Param, group, param.WithoutVersion(x.text(at)), x.shift != 0)
	case param.LeafResource:
		typ := x.doc.Nodes[at].Type
		if id := x.child(at, schema.Lookup(typ, "id")); param.ValidID(id) {
			x.local(l.Param, group, typ, id)
		}
	}
}

// canonical adds a canonical with its version and without.
func (x *Extractor) canonical(p index.Param, group uint32, s string) {
	x.b.Text(p, group, s, s)
	if url, _, versioned := strings.Cut(s, "|"); versioned {
		x.b.Text(p, group, url, url)
	}
}

// quantityPart returns a child of a Quantity or of a type like it.
func (x *Extractor) quantityPart(at fhirjson.Index, offset schema.FieldID) string {
	return x.child(at, x.doc.Nodes[at].Type.Type().First+offset)
}

func (x *Extractor) quantity(at fhirjson.Index, p index.Param, group uint32) {
	low := x.quantityPart(at, x.Fields.QuantityValue)
	if low == "" {
		return
	}
	high := low
	switch x.quantityPart(at, x.Fields.QuantityComparator) {
	case "<", "<=":
		low = ""
	case ">", ">=":
		high = ""
	}
	x.b.Quantity(p, group, low, high, x.quantityPart(at, x.Fields.QuantitySystem),
		x.quantityPart(at, x.Fields.QuantityCode), x.quantityPart(at, x.Fields.QuantityUnit))
}

// rangeOf returns the ends of a Range, "" for an open end, and the Quantity that has
// the unit of both.
func (x *Extractor) rangeOf(at fhirjson.Index) (from, to string, unit fhirjson.Index) {
	low, hasLow := x.doc.Child(at, x.Fields.RangeLow)
	high, hasHigh := x.doc.Child(at, x.Fields.RangeHigh)
	unit = low
	if hasLow {
		from = x.quantityPart(low, x.Fields.QuantityValue)
	} else {
		unit = high
	}
	if hasHigh {
		to = x.quantityPart(high, x.Fields.QuantityValue)
	}
	return from, to, unit
}
