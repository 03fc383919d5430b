package synth

var labReport = concept{terminology + "v2-0074", "LAB", "Laboratory"}

// writeLabs appends the laboratory work of a visit, Observations first, then
// the report that groups them.
func (c *chart) writeLabs(n int) {
	v := &c.visits[n]
	adult := c.ageAt(v.start) >= 18
	switch {
	case v.setting == wellness && adult:
		if c.permille(220) {
			c.writePanel(n, &metabolicPanel)
		}
		if c.permille(180) {
			c.writePanel(n, &lipidPanel)
		}
		if c.permille(90) {
			c.writePanel(n, &bloodCount)
		}
		if c.permille(50) {
			c.writePanel(n, &liverPanel)
		}
		c.writeSingles(n)
	case v.setting >= emergency && v.setting <= inpatient:
		c.writePanel(n, &metabolicPanel)
		c.writePanel(n, &bloodCount)
	case v.setting == prenatal && v.diagnosis:
		c.writePanel(n, &bloodCount)
		c.writeUrinalysis(n)
	case v.setting == followUp:
		c.writeMonitoring(n)
	case v.setting == urgent && v.about >= 0 && c.afflictions[v.about].sex == womenOnly:
		c.writeUrinalysis(n)
	}
}

// writeSingles appends the tests of a check-up that stand alone.
func (c *chart) writeSingles(n int) {
	if c.traits&(diabetic|prediabetic) != 0 || c.permille(150) {
		c.writeMeasure(n, c.hemoglobin())
	}
	if c.traits&thyroid != 0 || c.permille(50) {
		c.writeMeasure(n, &thyrotropin)
	}
	if !c.woman && c.ageAt(c.visits[n].start) >= 50 && c.permille(350) {
		c.writeMeasure(n, &prostateAg)
	}
}

func (c *chart) hemoglobin() *measure {
	if c.traits&(diabetic|prediabetic) == prediabetic {
		return &prediabeticA1
	}
	return &hemoglobinA1c
}

// writeMonitoring appends the tests that a disorder under treatment asks for.
func (c *chart) writeMonitoring(n int) {
	about := c.afflictions[c.visits[n].about].traits
	if about&diabetic != 0 {
		c.writeMeasure(n, &hemoglobinA1c)
		c.writeMeasure(n, &microalbumin)
		if c.permille(400) {
			c.writePanel(n, &metabolicPanel)
		}
	}
	if about&renal != 0 {
		c.writeMeasure(n, &kidneyRate)
	}
	if about&lipidemic != 0 {
		c.writePanel(n, &lipidPanel)
	}
	if about&thyroid != 0 {
		c.writeMeasure(n, &thyrotropin)
	}
	if about&inflamed != 0 {
		c.writeMeasure(n, &reactiveProt)
	}
	if about&obstructive != 0 {
		c.writeMeasure(n, &forcedRatio)
	}
	if about&anemic != 0 {
		c.writePanel(n, &bloodCount)
	}
}

func (c *chart) writePanel(n int, p *panel) {
	c.results = c.results[:0]
	for i := range p.measures {
		c.writeMeasure(n, &p.measures[i])
	}
	report := c.writeLabReport(n, p.code)
	c.charges = append(c.charges, charge{p.code, p.cents, report})
}

// writeMeasure appends one value as an Observation and adds it to the results.
func (c *chart) writeMeasure(n int, m *measure) {
	middle := m.middle
	if c.traits&m.when != 0 {
		middle = m.ill
	}
	value := max(c.around(middle, m.spread), 1)
	of := c.openObservation(n, m.code, labCategory, labProfile, c.drawnAt(n))
	c.quantity("valueQuantity", value, m.scale, m.unit)
	c.writeRange(value, m.scale, m.low, m.high, m.unit)
	c.endLine()
	c.results = append(c.results, result{of, m.code.display})
}

// drawnAt is when blood was taken at a visit.
func (c *chart) drawnAt(n int) moment { return c.visits[n].start + 12*minute }

func (c *chart) writeUrinalysis(n int) {
	c.results = c.results[:0]
	for i := range urinalysis {
		test := &urinalysis[i]
		of := c.openObservation(n, test.code, labCategory, labProfile, c.drawnAt(n))
		found := test.usual
		if c.traits&infected != 0 && c.permille(600) {
			found = test.unusual
		}
		c.named("valueCodeableConcept", found)
		c.endLine()
		c.results = append(c.results, result{of, test.code.display})
	}
	c.writeLabReport(n, urinalysisCode)
}

// writeLabReport appends the DiagnosticReport of the results.
func (c *chart) writeLabReport(n int, code concept) id {
	v := &c.visits[n]
	of := c.issue(diagnosticReport)
	c.resource(c.space, of, usCore+"us-core-diagnosticreport-lab")
	c.text("status", "final")
	c.codeables("category", labReport)
	c.named("code", code)
	c.patientReference("subject")
	c.encounterReference(n)
	c.dateTime("effectiveDateTime", c.drawnAt(n))
	c.instant("issued", v.end)
	c.providerReferences("performer", v)
	c.array("result")
	for _, r := range c.results {
		c.item()
		c.referenceFields(c.space, r.of, r.display)
		c.end()
	}
	c.endArray()
	c.endLine()
	return of
}
