package param

import (
	"sync"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A leafKind is the way in which an element's value becomes search values.
type leafKind uint8

const (
	leafNone leafKind = iota
	LeafString
	LeafWords // the second and further words of a string
	LeafCode
	LeafCoding
	LeafConcept
	LeafIdentifier
	LeafContact
	LeafBoolean
	LeafInsensitive
	LeafSensitive
	LeafCodingText
	LeafConceptText
	LeafIdentifierText
	LeafIdentifierType // type and value together
	LeafReference
	LeafCanonicalReference
	LeafReferenceIdentifier
	LeafResource
	LeafDate
	LeafPeriod
	LeafTiming
	LeafNumber
	LeafNumberRange
	LeafQuantity
	LeafMoney
	LeafRange
	LeafSampledData
	LeafURI
	LeafCanonical
	leafNarrative // words, as the next; see fullText
	leafContent
	leafMention // a reference without an edge; see mentioned
)

// kindNames are the kinds' names in the names of streams. They never change.
var kindNames = [...]string{
	LeafString: "string", LeafWords: "further words", LeafCode: "code", LeafCoding: "coding", LeafConcept: "concept",
	LeafIdentifier: "identifier", LeafContact: "contact", LeafBoolean: "boolean", LeafInsensitive: "insensitive", LeafSensitive: "sensitive",
	LeafCodingText: "coding text", LeafConceptText: "concept text", LeafIdentifierText: "identifier text", LeafIdentifierType: "identifier type",
	LeafReference: "reference", LeafCanonicalReference: "canonical reference", LeafReferenceIdentifier: "reference identifier", LeafResource: "resource",
	LeafDate: "date", LeafPeriod: "period", LeafTiming: "timing", LeafNumber: "number", LeafNumberRange: "number range",
	LeafQuantity: "quantity", LeafMoney: "money", LeafRange: "range", LeafSampledData: "sampled data",
	LeafURI: "uri", LeafCanonical: "canonical", leafNarrative: "words of narrative", leafContent: "words of content",
	leafMention: "mention",
}

func (k leafKind) String() string { return kindNames[k] }

// A conversion is one way in which elements of a type serve a parameter: the
// kind of value, and the children to go down to first.
type conversion struct {
	below []string
	kind  leafKind
	// aside marks values that only a modifier looks at.
	aside bool
}

// conversions has, for a type of parameter, the types of element that it can index, and
// how (FHIR R4 §3.1.1.4, the table of each type). Names are split into their elements
// here, so that name, family and given share values.
var conversions = sync.OnceValue(func() map[schema.ParamType]map[string][]conversion {
	return map[schema.ParamType]map[string][]conversion{
		schema.ParamString: {
			"string": {{kind: LeafString}}, "markdown": {{kind: LeafString}}, "code": {{kind: LeafString}},
			"id": {{kind: LeafString}}, "uri": {{kind: LeafString}},
			"HumanName": {
				{below: []string{"text"}, kind: LeafString}, {below: []string{"family"}, kind: LeafString},
				{below: []string{"given"}, kind: LeafString}, {below: []string{"prefix"}, kind: LeafString},
				{below: []string{"suffix"}, kind: LeafString},
			},
			"Address": {
				{below: []string{"text"}, kind: LeafString}, {below: []string{"line"}, kind: LeafString},
				{below: []string{"city"}, kind: LeafString}, {below: []string{"district"}, kind: LeafString},
				{below: []string{"state"}, kind: LeafString}, {below: []string{"postalCode"}, kind: LeafString},
				{below: []string{"country"}, kind: LeafString},
			},
			"CodeableConcept": {{below: []string{"text"}, kind: LeafString}, {below: []string{"coding", "display"}, kind: LeafString}},
			"Coding":          {{below: []string{"display"}, kind: LeafString}},
		},
		schema.ParamToken: {
			"code":            {{kind: LeafCode}},
			"Coding":          {{kind: LeafCoding}, {kind: LeafCodingText, aside: true}},
			"CodeableConcept": {{kind: LeafConcept}, {kind: LeafConceptText, aside: true}},
			"Identifier":      {{kind: LeafIdentifier}, {kind: LeafIdentifierText, aside: true}, {kind: LeafIdentifierType, aside: true}},
			"ContactPoint":    {{kind: LeafContact}},
			"boolean":         {{kind: LeafBoolean}},
			"string":          {{kind: LeafInsensitive}},
			"id":              {{kind: LeafSensitive}},
			"uri":             {{kind: LeafSensitive}},
			"url":             {{kind: LeafSensitive}},
			"canonical":       {{kind: LeafSensitive}},
			"oid":             {{kind: LeafSensitive}},
			"uuid":            {{kind: LeafSensitive}},
		},
		schema.ParamReference: {
			"Reference": {{kind: LeafReference}, {kind: LeafReferenceIdentifier, aside: true}},
			"canonical": {{kind: LeafCanonicalReference}},
			"uri":       {{kind: LeafCanonicalReference}},
			"Resource":  {{kind: LeafResource}},
		},
		schema.ParamDate: {
			"date": {{kind: LeafDate}}, "dateTime": {{kind: LeafDate}}, "instant": {{kind: LeafDate}},
			"Period": {{kind: LeafPeriod}},
			"Timing": {{kind: LeafTiming}},
		},
		schema.ParamNumber: {
			"decimal": {{kind: LeafNumber}}, "integer": {{kind: LeafNumber}},
			"positiveInt": {{kind: LeafNumber}}, "unsignedInt": {{kind: LeafNumber}},
			"Range": {{kind: LeafNumberRange}},
		},
		schema.ParamQuantity: {
			"Quantity": {{kind: LeafQuantity}}, "Age": {{kind: LeafQuantity}}, "Duration": {{kind: LeafQuantity}},
			"Count": {{kind: LeafQuantity}}, "Distance": {{kind: LeafQuantity}}, "SimpleQuantity": {{kind: LeafQuantity}},
			"Money":       {{kind: LeafMoney}},
			"Range":       {{kind: LeafRange}},
			"SampledData": {{kind: LeafSampledData}},
		},
		schema.ParamURI: {
			"uri": {{kind: LeafURI}}, "url": {{kind: LeafURI}}, "oid": {{kind: LeafURI}}, "uuid": {{kind: LeafURI}},
			"canonical": {{kind: LeafCanonical}},
		},
	}
})

// NoSystem reports whether tokens of this kind have no system, so that a pipe in
// a search value is a mistake.
func (k leafKind) NoSystem() bool {
	switch k {
	case LeafContact, LeafBoolean, LeafInsensitive, LeafSensitive:
		return true
	}
	return false
}

// modifier returns the modifier that looks at values of this kind.
func (k leafKind) modifier() Modifier {
	switch k {
	case LeafCodingText, LeafConceptText, LeafIdentifierText:
		return ModText
	case LeafIdentifierType:
		return ModOfType
	case LeafReferenceIdentifier:
		return ModIdentifier
	}
	return Plain
}
