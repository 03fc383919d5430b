package synth

var (
	conditionActive   = hl7("condition-clinical", "active", "Active")
	conditionResolved = hl7("condition-clinical", "resolved", "Resolved")
	conditionRecurred = hl7("condition-clinical", "recurrence", "Recurrence")
	conditionSure     = hl7("condition-ver-status", "confirmed", "Confirmed")
	conditionLikely   = hl7("condition-ver-status", "provisional", "Provisional")
	problemListItem   = hl7("condition-category", "problem-list-item", "Problem List Item")
	visitDiagnosis    = hl7("condition-category", "encounter-diagnosis", "Encounter Diagnosis")
	severities        = []concept{
		snomed("255604002", "Mild"), snomed("6736007", "Moderate"), snomed("24484000", "Severe"),
	}
	yearsOfAge = unit{"a", "a"}
)

func (c *chart) writeCondition(about int) {
	a := &c.afflictions[about]
	v := &c.visits[a.visit]
	c.resource(c.space, conditionID(about), usCore+"us-core-condition")
	switch {
	case a.end != 0:
		c.codeable("clinicalStatus", conditionResolved)
	case a.days > 0 && c.permille(60):
		c.codeable("clinicalStatus", conditionRecurred)
	default:
		c.codeable("clinicalStatus", conditionActive)
	}
	if c.permille(30) {
		c.codeable("verificationStatus", conditionLikely)
	} else {
		c.codeable("verificationStatus", conditionSure)
	}
	if a.days == 0 {
		c.codeables("category", problemListItem)
	} else {
		c.codeables("category", visitDiagnosis)
	}
	if c.permille(150) {
		c.codeable("severity", pick(&c.random, severities))
	}
	c.named("code", a.code)
	if a.image != nil {
		c.codeables("bodySite", a.image.treatment.site)
	}
	c.patientReference("subject")
	c.encounterReference(a.visit)
	c.writeOnset(a)
	if a.end != 0 {
		c.dateTime("abatementDateTime", a.end)
	}
	c.dateTime("recordedDate", v.start)
	if c.permille(400) {
		c.staffReference("recorder", v)
	}
	c.staffReference("asserter", v)
	if c.permille(50) {
		c.list("note")
		c.dateTime("time", v.end)
		c.text("text", "Patient informed and agrees with the plan.")
		c.endList()
	}
	c.endLine()
}

// writeOnset writes the onset: to the second if a machine noted it, less exactly if the
// patient remembers it.
func (c *chart) writeOnset(a *affliction) {
	if a.days > 0 {
		c.dateTime("onsetDateTime", a.onset)
		return
	}
	switch n := c.below(20); {
	case n < 2:
		c.partial("onsetDateTime", a.onset, toYear)
	case n < 4:
		c.partial("onsetDateTime", a.onset, toMonth)
	case n < 7:
		c.partial("onsetDateTime", a.onset, toDay)
	case n == 7 && c.ageAt(a.onset) > 0:
		c.quantity("onsetAge", c.ageAt(a.onset), 0, yearsOfAge)
	case n == 8:
		c.text("onsetString", "some years ago")
	default:
		c.dateTime("onsetDateTime", a.onset)
	}
}
