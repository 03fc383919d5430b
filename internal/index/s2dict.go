package index

import (
	"strings"
	"sync"

	"github.com/klauspost/compress/s2"
)

// dictionary1 is the text that blocks of format 2 may refer back to. It is part
// of the format: a change needs a new format number. What is most common stands
// last, where references to it are shortest.
var dictionary1 = sync.OnceValue(func() *s2.Dict {
	return s2.MakeDict([]byte(strings.Join([]string{
		"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus",
		"http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
		"http://terminology.hl7.org/CodeSystem/v3-RoleCode",
		"http://terminology.hl7.org/CodeSystem/organization-type",
		"http://terminology.hl7.org/CodeSystem/adjudication",
		"http://terminology.hl7.org/CodeSystem/claim-type",
		"http://terminology.hl7.org/CodeSystem/processpriority",
		"http://terminology.hl7.org/CodeSystem/diagnosis-role",
		"http://terminology.hl7.org/CodeSystem/condition-category",
		"http://terminology.hl7.org/CodeSystem/condition-ver-status",
		"http://terminology.hl7.org/CodeSystem/condition-clinical",
		"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
		"http://terminology.hl7.org/CodeSystem/v2-0074",
		"http://terminology.hl7.org/CodeSystem/v2-0203",
		"http://hl7.org/fhir/administrative-gender",
		"http://hl7.org/fhir/address-use",
		"http://hl7.org/fhir/contact-point-system",
		"http://hl7.org/fhir/diagnostic-report-status",
		"http://hl7.org/fhir/explanationofbenefit-status",
		"http://hl7.org/fhir/CodeSystem/medicationrequest-intent",
		"http://hl7.org/fhir/CodeSystem/medicationrequest-status",
		"http://hl7.org/fhir/document-reference-status",
		"http://hl7.org/fhir/event-status",
		"http://hl7.org/fhir/request-status",
		"http://hl7.org/fhir/encounter-status",
		"http://hl7.org/fhir/observation-status",
		"http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
		"http://hl7.org/fhir/sid/us-npi",
		"http://hl7.org/fhir/sid/us-ssn",
		"http://hl7.org/fhir/sid/cvx",
		"http://hl7.org/fhir/sid/icd-10-cm",
		"http://www.ama-assn.org/go/cpt",
		"http://www.nlm.nih.gov/research/umls/rxnorm",
		"https://github.com/synthetichealth/synthea",
		"urn:oid:2.16.840.1.113883.6.",
		"urn:ietf:bcp:47",
		"urn:ietf:rfc:3986",
		"urn:uuid:",
		"activeamendedcancelledcompletedcurrentfinishedunknown",
		"in-progresspreliminaryregisteredoutpatientinpatientemergency",
		"mm[Hg]kg/m2mmol/L/min{score}10*3/uL",
		"http://terminology.hl7.org/CodeSystem/v3-ActCode",
		"http://terminology.hl7.org/CodeSystem/observation-category",
		"vital-signslaboratorysocial-historysurveyfinalAMB",
		"http://snomed.info/sct",
		"http://unitsofmeasure.org",
		"http://loinc.org",
	}, "\x00")), nil)
})
