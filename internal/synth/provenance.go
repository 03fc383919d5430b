package synth

var (
	authorAgent      = hl7("provenance-participant-type", "author", "Author")
	transmitterAgent = concept{"http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type", "transmitter", "Transmitter"}
	createActivity   = hl7("v3-DataOperation", "CREATE", "create")
)

// writePatientProvenance appends the Provenance of the patient's record and its encounters.
func (c *chart) writePatientProvenance() {
	c.resource(c.space, c.issue(provenance), usCore+"us-core-provenance")
	c.array("target")
	c.item()
	c.referenceFields(c.space, subject, "")
	c.end()
	for n := range c.visits {
		c.item()
		c.referenceFields(c.space, encounterID(n), "")
		c.end()
	}
	c.endArray()
	c.instant("recorded", c.last-minute)
	c.array("agent")
	c.agent(authorAgent, c.doctor)
	c.agent(transmitterAgent, c.doctor)
	c.endArray()
	c.endLine()
}

// writeDocumentProvenance appends the Provenance of the visit's note, for one note in six.
func (c *chart) writeDocumentProvenance(n int) {
	if !c.permille(160) {
		return
	}
	v := &c.visits[n]
	c.resource(c.space, c.issue(provenance), usCore+"us-core-provenance")
	c.references("target", c.space, id{documentReference, c.count[documentReference] - 1}, "")
	c.dateTime("occurredDateTime", v.end)
	c.instant("recorded", v.end)
	c.siteReference("location", v)
	c.codeable("activity", createActivity)
	c.array("agent")
	c.agent(authorAgent, v.staff)
	c.endArray()
	c.endLine()
}

func (c *chart) agent(kind concept, staff int) {
	at := staff / staffPerFacility
	c.item()
	c.codeable("type", kind)
	c.reference("who", c.directory.space, practitionerID(staff), c.directory.staff[staff].display)
	c.reference("onBehalfOf", c.directory.space, providerID(at), c.directory.providers[at].name)
	c.end()
}
