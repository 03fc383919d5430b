package synth

var (
	vitalCategory   = hl7("observation-category", "vital-signs", "Vital Signs")
	labCategory     = hl7("observation-category", "laboratory", "Laboratory")
	socialCategory  = hl7("observation-category", "social-history", "Social History")
	surveyCategory  = hl7("observation-category", "survey", "Survey")
	normalResult    = hl7("v3-ObservationInterpretation", "N", "Normal")
	highResult      = hl7("v3-ObservationInterpretation", "H", "High")
	lowResult       = hl7("v3-ObservationInterpretation", "L", "Low")
	patientDeclined = hl7("data-absent-reason", "asked-declined", "Asked But Declined")
	normalRangeKind = hl7("referencerange-meaning", "normal", "Normal Range")
)

const (
	vitalsProfile   = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
	pressureProfile = "http://hl7.org/fhir/StructureDefinition/bp"
	labProfile      = usCore + "us-core-observation-lab"
	smokingProfile  = usCore + "us-core-smokingstatus"
)

// openObservation opens an Observation up to and including its performer. The
// caller writes the value and ends the line.
func (c *chart) openObservation(n int, code, category concept, profile string, at moment) id {
	v := &c.visits[n]
	of := c.issue(observation)
	c.resource(c.space, of, profile)
	status := "final"
	if c.permille(8) && profile != smokingProfile {
		status = pick(&c.random, []string{"amended", "corrected"})
	}
	c.text("status", status)
	c.codeables("category", category)
	c.named("code", code)
	c.patientReference("subject")
	c.encounterReference(n)
	c.dateTime("effectiveDateTime", at)
	c.instant("issued", at)
	if category == labCategory || c.permille(300) {
		c.staffReferences("performer", v)
	}
	return of
}

// writeRange writes the interpretation of a value and its reference range. A
// bound below zero is open; without bounds nothing is written.
func (c *chart) writeRange(value, scale, low, high int, u unit) {
	if low < 0 && high < 0 {
		return
	}
	switch {
	case low >= 0 && value < low:
		c.codeables("interpretation", lowResult)
	case high >= 0 && value > high:
		c.codeables("interpretation", highResult)
	default:
		c.codeables("interpretation", normalResult)
	}
	c.list("referenceRange")
	if low >= 0 {
		c.quantity("low", low, scale, u)
	}
	if high >= 0 {
		c.quantity("high", high, scale, u)
	}
	c.codeable("type", normalRangeKind)
	c.endList()
}
