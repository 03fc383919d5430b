package synth

import "encoding/base64"

var (
	historyNote   = loinc("34117-2", "History and physical note")
	progressNote  = loinc("11506-3", "Progress note")
	emergencyNote = loinc("34111-5", "Emergency department Note")
	dischargeNote = loinc("18842-5", "Discharge summary")
	clinicalNote  = concept{"http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note", "Clinical Note"}
	plainDocument = concept{"http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode", "urn:ihe:iti:xds:2017:mimeTypeSufficient", "mimeType Sufficient"}
	normalSecrecy = hl7("v3-Confidentiality", "N", "normal")

	noteTypes = [...]concept{wellness: historyNote, followUp: progressNote, ambulatory: historyNote, urgent: progressNote, emergency: emergencyNote, inpatient: dischargeNote, prenatal: progressNote, homeCare: progressNote}
	// noteFrequency is how many of a thousand visits have a note.
	noteFrequency = [...]int{wellness: 330, followUp: 300, ambulatory: 750, urgent: 600, emergency: 900, inpatient: 1000, prenatal: 250, homeCare: 1000}
)

// writeDocument appends the visit's clinical note as a DocumentReference, for
// some visits, and reports whether it did.
func (c *chart) writeDocument(n int) bool {
	v := &c.visits[n]
	if !c.permille(noteFrequency[v.setting]) {
		return false
	}
	c.composeNote(v)
	of := c.issue(documentReference)
	kind := noteTypes[v.setting]
	c.resource(c.space, of, usCore+"us-core-documentreference")
	c.object("masterIdentifier")
	c.text("system", "urn:ietf:rfc:3986")
	c.uuid("value", "urn:uuid:", c.space, of)
	c.end()
	c.text("status", "current")
	c.text("docStatus", "final")
	c.named("type", kind)
	c.codeables("category", clinicalNote)
	c.reference("subject", c.space, subject, c.display)
	c.instant("date", v.end)
	c.staffReferences("author", v)
	c.providerReference("custodian", v)
	c.codeables("securityLabel", normalSecrecy)
	c.list("content")
	c.object("attachment")
	c.text("contentType", "text/plain; charset=utf-8")
	c.text("language", "en-US")
	c.key("data")
	c.raw(`"`)
	c.b = base64.StdEncoding.AppendEncode(c.b, c.note.b)
	c.raw(`"`)
	c.integer("size", len(c.note.b))
	c.text("title", kind.display)
	c.dateTime("creation", v.end)
	c.end()
	c.coding("format", plainDocument)
	c.endList()
	c.object("context")
	c.references("encounter", c.space, encounterID(n), "")
	c.period("period", v.start, v.end)
	c.end()
	c.endLine()
	return true
}
