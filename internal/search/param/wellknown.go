package param

import "github.com/fhirlake/fhirlake/internal/schema"

// wellKnown are the fields of data types that extraction looks at.
type wellKnown struct {
	CodingSystem, CodingCode, CodingDisplay           schema.FieldID
	ConceptCoding, ConceptText                        schema.FieldID
	IdentifierSystem, IdentifierValue, IdentifierType schema.FieldID
	ContactValue                                      schema.FieldID
	ReferenceText, ReferenceType, ReferenceIdentifier schema.FieldID
	PeriodStart, PeriodEnd                            schema.FieldID
	TimingEvent, TimingRepeat, RepeatBoundsPeriod     schema.FieldID
	MoneyValue, MoneyCurrency                         schema.FieldID
	RangeLow, RangeHigh                               schema.FieldID
	SampledOrigin, SampledFactor, SampledData         schema.FieldID
	SampledLower, SampledUpper                        schema.FieldID
	ExtensionURL                                      schema.FieldID
	QuantityValue, QuantityComparator, QuantityUnit   schema.FieldID // offsets from the type's first field
	QuantitySystem, QuantityCode                      schema.FieldID // which is alike in Quantity, Age, Duration …
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
		CodingSystem: field("Coding", "system"), CodingCode: field("Coding", "code"), CodingDisplay: field("Coding", "display"),
		ConceptCoding: field("CodeableConcept", "coding"), ConceptText: field("CodeableConcept", "text"),
		IdentifierSystem: field("Identifier", "system"), IdentifierValue: field("Identifier", "value"),
		IdentifierType: field("Identifier", "type"),
		ContactValue:   field("ContactPoint", "value"),
		ReferenceText:  field("Reference", "reference"), ReferenceType: field("Reference", "type"),
		ReferenceIdentifier: field("Reference", "identifier"),
		PeriodStart:         field("Period", "start"), PeriodEnd: field("Period", "end"),
		TimingEvent: field("Timing", "event"), TimingRepeat: field("Timing", "repeat"),
		RepeatBoundsPeriod: field("Timing.repeat", "boundsPeriod"),
		MoneyValue:         field("Money", "value"), MoneyCurrency: field("Money", "currency"),
		RangeLow: field("Range", "low"), RangeHigh: field("Range", "high"),
		SampledOrigin: field("SampledData", "origin"), SampledFactor: field("SampledData", "factor"),
		SampledData: field("SampledData", "data"), SampledLower: field("SampledData", "lowerLimit"),
		SampledUpper:  field("SampledData", "upperLimit"),
		ExtensionURL:  field("Extension", "url"),
		QuantityValue: offset("value"), QuantityComparator: offset("comparator"), QuantityUnit: offset("unit"),
		QuantitySystem: offset("system"), QuantityCode: offset("code"),
	}
}
