package synth

import "strconv"

var radiologyReport = concept{terminology + "v2-0074", "RAD", "Radiology"}

// writeImaging appends the imaging study with which the disorder is found, its Procedure
// and its report.
func (c *chart) writeImaging(n int) {
	v := &c.visits[n]
	if v.about < 0 || !v.diagnosis {
		return
	}
	s := c.afflictions[v.about].image
	if v.setting == prenatal {
		s = fetalUltrasound
	}
	if s == nil {
		return
	}
	done := c.writeProcedure(n, &s.treatment)
	study := c.issue(imagingStudy)
	started := v.start + 10*minute
	c.resource(c.space, study, "")
	c.list("identifier")
	c.text("use", "official")
	c.text("system", "urn:dicom:uid")
	c.key("value")
	c.raw(`"urn:oid:`)
	c.uid(study, 0, 0)
	c.raw(`"`)
	c.endList()
	c.text("status", "available")
	c.array("modality")
	c.item()
	c.codingFields(s.modality)
	c.end()
	c.endArray()
	c.patientReference("subject")
	c.encounterReference(n)
	c.dateTime("started", started)
	c.staffReference("referrer", v)
	c.integer("numberOfSeries", 1)
	c.integer("numberOfInstances", s.images)
	c.reference("procedureReference", c.space, done, "")
	c.nameds("procedureCode", s.treatment.code)
	c.siteReference("location", v)
	c.text("description", s.words)
	c.writeSeries(s, study, started)
	c.endLine()
	c.writeRadiologyReport(n, s, study)
}

func (c *chart) writeSeries(s *study, study id, started moment) {
	c.list("series")
	c.key("uid")
	c.raw(`"`)
	c.uid(study, 1, 0)
	c.raw(`"`)
	c.integer("number", 1)
	c.coding("modality", s.modality)
	c.integer("numberOfInstances", s.images)
	c.coding("bodySite", s.treatment.site)
	c.dateTime("started", started)
	c.array("instance")
	for i := range s.images {
		c.item()
		c.key("uid")
		c.raw(`"`)
		c.uid(study, 1, i+1)
		c.raw(`"`)
		c.object("sopClass")
		c.text("system", "urn:ietf:rfc:3986")
		c.key("code")
		c.raw(`"urn:oid:`)
		c.raw(s.sopClass)
		c.raw(`"`)
		c.text("display", s.sopName)
		c.end()
		c.integer("number", i+1)
		c.key("title")
		c.raw(`"Image `)
		c.number(i + 1)
		c.raw(` of `)
		c.raw(s.words)
		c.raw(`"`)
		c.end()
	}
	c.endArray()
	c.endList()
}

// uid appends a DICOM UID under 2.25, the root for numbers made without a
// registry (DICOM PS3.5 B.2). It has at most 64 characters, which FHIR's id,
// the type of series.uid, allows.
func (c *chart) uid(study id, series, instance int) {
	c.raw("2.25.")
	c.b = strconv.AppendUint(c.b, mix(c.high+uint64(study.n)), 10)
	if series > 0 {
		c.raw(".")
		c.number(series)
	}
	if instance > 0 {
		c.raw(".")
		c.number(instance)
	}
}

func (c *chart) writeRadiologyReport(n int, s *study, study id) {
	v := &c.visits[n]
	c.resource(c.space, c.issue(diagnosticReport), "")
	c.narrative()
	c.raw("<p>")
	c.raw(s.conclusion)
	c.raw("</p>")
	c.endNarrative()
	c.text("status", "final")
	c.codeables("category", radiologyReport)
	c.named("code", s.treatment.code)
	c.patientReference("subject")
	c.encounterReference(n)
	c.object("effectivePeriod")
	c.dateTime("start", v.start+10*minute)
	c.dateTime("end", v.start+15*minute)
	c.end()
	c.instant("issued", v.end)
	c.staffReferences("performer", v)
	c.references("imagingStudy", c.space, study, "")
	c.text("conclusion", s.conclusion)
	c.endLine()
}
