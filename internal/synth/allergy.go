package synth

// drawAllergies decides what the patient does not tolerate: nothing for three
// in four.
func (c *chart) drawAllergies() {
	c.allergies = c.allergies[:0]
	if !c.permille(260) {
		return
	}
	first := c.below(len(allergens))
	for i := range c.between(1, 4) {
		c.allergies = append(c.allergies, &allergens[(first+5*i)%len(allergens)])
	}
}

var (
	allergyActive   = hl7("allergyintolerance-clinical", "active", "Active")
	allergyInactive = hl7("allergyintolerance-clinical", "inactive", "Inactive")
	allergySure     = hl7("allergyintolerance-verification", "confirmed", "Confirmed")
	allergyClaimed  = hl7("allergyintolerance-verification", "unconfirmed", "Unconfirmed")
)

// writeAllergies appends the patient's allergies, recorded at their first
// visit.
func (c *chart) writeAllergies(v *visit) {
	for _, a := range c.allergies {
		c.resource(c.space, c.issue(allergyIntolerance), usCore+"us-core-allergyintolerance")
		if c.permille(930) {
			c.codeable("clinicalStatus", allergyActive)
		} else {
			c.codeable("clinicalStatus", allergyInactive)
		}
		if c.permille(900) {
			c.codeable("verificationStatus", allergySure)
		} else {
			c.codeable("verificationStatus", allergyClaimed)
		}
		if a.intolerance {
			c.text("type", "intolerance")
		} else {
			c.text("type", "allergy")
		}
		c.texts("category", a.category)
		c.text("criticality", pick(&c.random, []string{"low", "low", "high", "unable-to-assess"}))
		c.named("code", a.code)
		c.patientReference("patient")
		if c.permille(300) {
			c.partial("onsetDateTime", max(c.born, v.start-moment(c.below(4000))*day), toYear)
		}
		c.dateTime("recordedDate", v.start)
		c.staffReference("recorder", v)
		if c.permille(600) {
			c.list("reaction")
			c.nameds("manifestation", pick(&c.random, reactions))
			c.text("severity", pick(&c.random, []string{"mild", "mild", "moderate", "severe"}))
			c.endList()
		}
		c.endLine()
	}
}
