package search

import (
	"sync"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A leafKind says how the value of an element becomes search values.
type leafKind uint8

const (
	leafNone leafKind = iota
	leafString
	leafWords // the second and further words of a string
	leafCode
	leafCoding
	leafConcept
	leafIdentifier
	leafContact
	leafBoolean
	leafInsensitive
	leafSensitive
	leafCodingText
	leafConceptText
	leafIdentifierText
	leafIdentifierType // type and value together
	leafReference
	leafCanonicalReference
	leafReferenceIdentifier
	leafResource
	leafDate
	leafPeriod
	leafTiming
	leafNumber
	leafNumberRange
	leafQuantity
	leafMoney
	leafRange
	leafSampledData
	leafURI
	leafCanonical
	leafNarrative // words, as the next; see fullText
	leafContent
)

// kindNames are the kinds as they stand in the names of streams, which stay what they
// are.
var kindNames = [...]string{
	leafString: "string", leafWords: "further words", leafCode: "code", leafCoding: "coding", leafConcept: "concept",
	leafIdentifier: "identifier", leafContact: "contact", leafBoolean: "boolean", leafInsensitive: "insensitive", leafSensitive: "sensitive",
	leafCodingText: "coding text", leafConceptText: "concept text", leafIdentifierText: "identifier text", leafIdentifierType: "identifier type",
	leafReference: "reference", leafCanonicalReference: "canonical reference", leafReferenceIdentifier: "reference identifier", leafResource: "resource",
	leafDate: "date", leafPeriod: "period", leafTiming: "timing", leafNumber: "number", leafNumberRange: "number range",
	leafQuantity: "quantity", leafMoney: "money", leafRange: "range", leafSampledData: "sampled data",
	leafURI: "uri", leafCanonical: "canonical", leafNarrative: "words of narrative", leafContent: "words of content",
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

// conversions says for a type of parameter which types of element it can index
// and how (FHIR R4 §3.1.1.4, the table of each type). Names are split into
// their parts here, so that name, family and given share the values of a part.
var conversions = sync.OnceValue(func() map[schema.ParamType]map[string][]conversion {
	return map[schema.ParamType]map[string][]conversion{
		schema.ParamString: {
			"string": {{kind: leafString}}, "markdown": {{kind: leafString}}, "code": {{kind: leafString}},
			"id": {{kind: leafString}}, "uri": {{kind: leafString}},
			"HumanName": {
				{below: []string{"text"}, kind: leafString}, {below: []string{"family"}, kind: leafString},
				{below: []string{"given"}, kind: leafString}, {below: []string{"prefix"}, kind: leafString},
				{below: []string{"suffix"}, kind: leafString},
			},
			"Address": {
				{below: []string{"text"}, kind: leafString}, {below: []string{"line"}, kind: leafString},
				{below: []string{"city"}, kind: leafString}, {below: []string{"district"}, kind: leafString},
				{below: []string{"state"}, kind: leafString}, {below: []string{"postalCode"}, kind: leafString},
				{below: []string{"country"}, kind: leafString},
			},
			"CodeableConcept": {{below: []string{"text"}, kind: leafString}, {below: []string{"coding", "display"}, kind: leafString}},
			"Coding":          {{below: []string{"display"}, kind: leafString}},
		},
		schema.ParamToken: {
			"code":            {{kind: leafCode}},
			"Coding":          {{kind: leafCoding}, {kind: leafCodingText, aside: true}},
			"CodeableConcept": {{kind: leafConcept}, {kind: leafConceptText, aside: true}},
			"Identifier":      {{kind: leafIdentifier}, {kind: leafIdentifierText, aside: true}, {kind: leafIdentifierType, aside: true}},
			"ContactPoint":    {{kind: leafContact}},
			"boolean":         {{kind: leafBoolean}},
			"string":          {{kind: leafInsensitive}},
			"id":              {{kind: leafSensitive}},
			"uri":             {{kind: leafSensitive}},
			"url":             {{kind: leafSensitive}},
			"canonical":       {{kind: leafSensitive}},
			"oid":             {{kind: leafSensitive}},
			"uuid":            {{kind: leafSensitive}},
		},
		schema.ParamReference: {
			"Reference": {{kind: leafReference}, {kind: leafReferenceIdentifier, aside: true}},
			"canonical": {{kind: leafCanonicalReference}},
			"uri":       {{kind: leafCanonicalReference}},
			"Resource":  {{kind: leafResource}},
		},
		schema.ParamDate: {
			"date": {{kind: leafDate}}, "dateTime": {{kind: leafDate}}, "instant": {{kind: leafDate}},
			"Period": {{kind: leafPeriod}},
			"Timing": {{kind: leafTiming}},
		},
		schema.ParamNumber: {
			"decimal": {{kind: leafNumber}}, "integer": {{kind: leafNumber}},
			"positiveInt": {{kind: leafNumber}}, "unsignedInt": {{kind: leafNumber}},
			"Range": {{kind: leafNumberRange}},
		},
		schema.ParamQuantity: {
			"Quantity": {{kind: leafQuantity}}, "Age": {{kind: leafQuantity}}, "Duration": {{kind: leafQuantity}},
			"Count": {{kind: leafQuantity}}, "Distance": {{kind: leafQuantity}}, "SimpleQuantity": {{kind: leafQuantity}},
			"Money":       {{kind: leafMoney}},
			"Range":       {{kind: leafRange}},
			"SampledData": {{kind: leafSampledData}},
		},
		schema.ParamURI: {
			"uri": {{kind: leafURI}}, "url": {{kind: leafURI}}, "oid": {{kind: leafURI}}, "uuid": {{kind: leafURI}},
			"canonical": {{kind: leafCanonical}},
		},
	}
})

// noSystem reports whether tokens of this kind have no system, so that a pipe in
// a search value is a mistake.
func (k leafKind) noSystem() bool {
	switch k {
	case leafContact, leafBoolean, leafInsensitive, leafSensitive:
		return true
	}
	return false
}

// modifier returns the modifier that values of this kind, set aside, are for.
func (k leafKind) modifier() modifier {
	switch k {
	case leafCodingText, leafConceptText, leafIdentifierText:
		return modText
	case leafIdentifierType:
		return modOfType
	case leafReferenceIdentifier:
		return modIdentifier
	}
	return plain
}
