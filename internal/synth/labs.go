package synth

var labReport = concept{terminology + "v2-0074", "LAB", "Laboratory"}

// writeLabs appends the laboratory work of a visit, Observations first, then
// the report that groups them.
func (c *chart) writeLabs(n int) {
	v := &c.visits[n]
	adult := c.ageAt(v.start) >= 18
	switch {
	case v.setting == wellness && adult:
		if c.permille(250) {
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
		c.writeMeasure(n, &hemoglobinA1c)
	}
	if c.traits&thyroid != 0 || c.permille(50) {
		c.writeMeasure(n, &thyrotropin)
	}
	if !c.woman && c.ageAt(c.visits[n].start) >= 50 && c.permille(350) {
		c.writeMeasure(n, &prostateAg)
	}
}

// writeMonitoring appends the tests that a disorder under treatment asks for.
func (c *chart) writeMonitoring(n int) {
	a := &c.afflictions[c.visits[n].about]
	for i := range monitored {
		if a.traits&monitored[i].of != 0 && c.permille(monitored[i].often) {
			if monitored[i].panel != nil {
				c.writePanel(n, monitored[i].panel)
			}
			if monitored[i].measure != nil {
				c.writeMeasure(n, monitored[i].measure)
			}
		}
	}
	for i := range c.courses {
		if k := &c.courses[i]; k.about == c.visits[n].about && k.drug == &warfarin && k.takenAt(c.visits[n].start) {
			c.writeMeasure(n, &thinness)
		}
	}
}

func (c *chart) writePanel(n int, p *panel) {
	c.results, c.values = c.results[:0], c.values[:0]
	for i := range p.measures {
		c.values = append(c.values, c.level(&p.measures[i], c.drawnAt(n)))
	}
	if p.relate != nil {
		p.relate(c.values)
	}
	for i := range p.measures {
		c.writeValue(n, &p.measures[i], c.values[i])
	}
	report := c.writeLabReport(n, p.code)
	c.charges = append(c.charges, charge{p.code, p.cents, report})
}

// writeMeasure appends one value that stands alone.
func (c *chart) writeMeasure(n int, m *measure) { c.writeValue(n, m, c.level(m, c.drawnAt(n))) }

// writeValue appends a value as an Observation, adds it to the results and notes it for
// the visit's note.
func (c *chart) writeValue(n int, m *measure, value int) {
	of := c.openObservation(n, m.code, m.category(), m.profile(), c.drawnAt(n))
	c.quantity("valueQuantity", value, m.scale, m.unit)
	c.writeRange(value, m.scale, m.low, m.high, m.unit)
	c.endLine()
	c.results = append(c.results, result{of, m.code.display})
	c.remember(m, value, c.drawnAt(n))
}

// category returns the category of a value's Observation: an answer belongs to a survey.
func (m *measure) category() concept {
	if m.unit == score {
		return surveyCategory
	}
	return labCategory
}

func (m *measure) profile() string {
	if m.unit == score {
		return ""
	}
	return labProfile
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
