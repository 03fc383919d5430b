package search

import "github.com/fhirlake/fhirlake/internal/schema"

// wellKnown are the fields of data types that extraction looks at.
type wellKnown struct {
	codingSystem, codingCode, codingDisplay           schema.FieldID
	conceptCoding, conceptText                        schema.FieldID
	identifierSystem, identifierValue, identifierType schema.FieldID
	contactValue                                      schema.FieldID
	referenceText, referenceType, referenceIdentifier schema.FieldID
	periodStart, periodEnd                            schema.FieldID
	timingEvent, timingRepeat, repeatBoundsPeriod     schema.FieldID
	moneyValue, moneyCurrency                         schema.FieldID
	rangeLow, rangeHigh                               schema.FieldID
	sampledOrigin, sampledFactor, sampledData         schema.FieldID
	sampledLower, sampledUpper                        schema.FieldID
	extensionURL                                      schema.FieldID
	quantityValue, quantityComparator, quantityUnit   schema.FieldID // offsets from the type's first field
	quantitySystem, quantityCode                      schema.FieldID // which is alike in Quantity, Age, Duration …
}

func findWellKnown() wellKnown {
	field := func(typ, name string) schema.FieldID {
		t, _ := schema.TypeOf(typ)
		f := schema.Lookup(t, name)
		if f == 0 {
			panic("search: no field " + typ + "." + name)
		}
		return f
	}
	quantity, _ := schema.TypeOf("Quantity")
	offset := func(name string) schema.FieldID { return field("Quantity", name) - quantity.Type().First }
	return wellKnown{
		codingSystem: field("Coding", "system"), codingCode: field("Coding", "code"), codingDisplay: field("Coding", "display"),
		conceptCoding: field("CodeableConcept", "coding"), conceptText: field("CodeableConcept", "text"),
		identifierSystem: field("Identifier", "system"), identifierValue: field("Identifier", "value"),
		identifierType: field("Identifier", "type"),
		contactValue:   field("ContactPoint", "value"),
		referenceText:  field("Reference", "reference"), referenceType: field("Reference", "type"),
		referenceIdentifier: field("Reference", "identifier"),
		periodStart:         field("Period", "start"), periodEnd: field("Period", "end"),
		timingEvent: field("Timing", "event"), timingRepeat: field("Timing", "repeat"),
		repeatBoundsPeriod: field("Timing.repeat", "boundsPeriod"),
		moneyValue:         field("Money", "value"), moneyCurrency: field("Money", "currency"),
		rangeLow: field("Range", "low"), rangeHigh: field("Range", "high"),
		sampledOrigin: field("SampledData", "origin"), sampledFactor: field("SampledData", "factor"),
		sampledData: field("SampledData", "data"), sampledLower: field("SampledData", "lowerLimit"),
		sampledUpper:  field("SampledData", "upperLimit"),
		extensionURL:  field("Extension", "url"),
		quantityValue: offset("value"), quantityComparator: offset("comparator"), quantityUnit: offset("unit"),
		quantitySystem: offset("system"), quantityCode: offset("code"),
	}
}
