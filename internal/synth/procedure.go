package synth

var diagnosticService = snomed("103693007", "Diagnostic procedure")

// writeProcedures appends the procedures of a visit: for its reason, or the routine of a
// check-up.
func (c *chart) writeProcedures(n int) {
	v := &c.visits[n]
	if v.about >= 0 {
		for _, t := range c.afflictions[v.about].treat {
			c.writeProcedure(n, t)
		}
	}
	if v.setting == inpatient && c.afflictions[v.about].disorder == normalPregnancy {
		c.writeProcedure(n, &childbirth)
	}
	if v.setting != wellness {
		return
	}
	age := c.ageAt(v.start)
	if c.permille(600) {
		c.writeProcedure(n, &medReview)
	} else {
		c.writeProcedure(n, &documentMeds)
	}
	if age >= 12 && c.permille(380) {
		c.writeProcedure(n, &depressionTest)
	}
	if age >= 18 && c.permille(250) {
		c.writeProcedure(n, &socialCare)
	}
	if age >= 18 && c.permille(180) {
		c.writeProcedure(n, &substanceUse)
	}
	if age >= 50 && c.permille(120) {
		c.writeProcedure(n, &colonoscopy)
	}
	if c.woman && age >= 45 && age < 80 && c.permille(400) {
		c.writeProcedure(n, &mammography)
	}
}

// writeProcedure appends a Procedure and adds it to the bill. It ends with the
// visit at the latest.
func (c *chart) writeProcedure(n int, t *treatment) id {
	v := &c.visits[n]
	of := c.issue(procedure)
	start := v.start + 10*minute
	c.resource(c.space, of, usCore+"us-core-procedure")
	c.text("status", "completed")
	if t.site.code != "" {
		c.named("category", diagnosticService)
	}
	c.named("code", t.code)
	c.patientReference("subject")
	c.encounterReference(n)
	c.period("performedPeriod", start, min(start+moment(t.minutes)*minute, v.end))
	c.list("performer")
	c.staffReference("actor", v)
	c.endList()
	c.siteReference("location", v)
	c.reason("reasonReference", v)
	if t.site.code != "" {
		c.nameds("bodySite", t.site)
	}
	c.endLine()
	c.charges = append(c.charges, charge{t.code, t.cents, of})
	return of
}
