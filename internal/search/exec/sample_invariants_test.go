package exec_test

// invariantElements are, by type, the elements that invariants of R4 ask for beyond
// what is required.
var invariantElements = map[string]string{
	"AllergyIntolerance":        `{"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]}}`,
	"Appointment":               `{"start":"2015-03-17T10:30:00Z","end":"2015-03-17T11:00:00Z"}`,
	"Appointment.participant":   `{"type":[{"text":"x"}]}`,
	"AppointmentResponse":       `{"participantType":[{"text":"x"}]}`,
	"Bundle":                    `{"type":"collection"}`,
	"CapabilityStatement":       `{"software":{"name":"x"},"rest":[{"mode":"client"}]}`,
	"Composition.section":       `{"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}}`,
	"ConceptMap.group.unmapped": `{"mode":"fixed","code":"x"}`,
	"Condition":                 `{"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]}}`,
	"Consent":                   `{"policyRule":{"text":"x"}}`,
	"ImmunizationRecommendation.recommendation": `{"targetDisease":{"text":"x"}}`,
	"InsurancePlan":       `{"name":"x"}`,
	"Linkage":             `{"item":[{"type":"source","resource":{"reference":"Patient/1"}},{"type":"alternate","resource":{"reference":"Patient/2"}}]}`,
	"MolecularSequence":   `{"coordinateSystem":0}`,
	"Organization":        `{"name":"x"}`,
	"RequestGroup.action": `{"resource":{"reference":"Basic/1"}}`,
	"StructureDefinition": `{"kind":"logical","differential":{"element":[{"id":"X","path":"X"}]},
		"snapshot":{"element":[{"id":"X","path":"X","definition":"x","min":0,"max":"1","base":{"path":"X","min":0,"max":"1"}}]}}`,
	"TerminologyCapabilities":     `{"software":{"name":"x"}}`,
	"TriggerDefinition":           `{"type":"named-event","name":"x"}`,
	"ValueSet.expansion.contains": `{"system":"http://example.org/codes"}`,
}
