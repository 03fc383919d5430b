package synth

var (
	communityOrder = hl7("medicationrequest-category", "community", "Community")
	inpatientOrder = hl7("medicationrequest-category", "inpatient", "Inpatient")
	inpatientGiven = hl7("medication-admin-category", "inpatient", "Inpatient")
	outpatientGave = hl7("medication-admin-category", "outpatient", "Outpatient")
	inDays         = unit{"days", "d"}
)

// tolerates reports whether none of the patient's allergies forbids the drug.
func (c *chart) tolerates(d *drug) bool {
	for _, a := range c.allergies {
		for _, forbidden := range a.drugs {
			if forbidden == d {
				return false
			}
		}
	}
	return true
}

// writeMedications appends what is ordered for the visit's reason: all of its
// drugs when it is found, some of them renewed later. What is infused, or
// ordered in a hospital, is also written as given.
func (c *chart) writeMedications(n int) {
	v := &c.visits[n]
	if v.about < 0 {
		return
	}
	for _, d := range c.afflictions[v.about].drugs {
		if !c.tolerates(d) || !v.diagnosis && d.route != intravenous && !c.permille(450) {
			continue
		}
		of := c.writeMedicationRequest(n, d)
		c.orders = append(c.orders, order{d, of})
		if d.route == intravenous || v.setting == emergency || v.setting == inpatient {
			c.writeAdministration(n, d, of)
		}
	}
}

func (c *chart) writeMedicationRequest(n int, d *drug) id {
	v := &c.visits[n]
	a := &c.afflictions[v.about]
	of := c.issue(medicationRequest)
	supply := moment(d.weeks) * 7 * day
	c.resource(c.space, of, usCore+"us-core-medicationrequest")
	switch {
	case a.days == 0 && c.died == 0 && v.start+max(supply, 400*day) > now:
		c.text("status", "active")
	case a.days == 0:
		c.text("status", "stopped")
	default:
		c.text("status", "completed")
	}
	c.text("intent", "order")
	if v.setting == inpatient {
		c.nameds("category", inpatientOrder)
	} else {
		c.nameds("category", communityOrder)
	}
	if v.setting == emergency {
		c.text("priority", "stat")
	}
	c.named("medicationCodeableConcept", d.code)
	c.patientReference("subject")
	c.encounterReference(n)
	c.dateTime("authoredOn", v.start+20*minute)
	c.staffReference("requester", v)
	c.references("reasonReference", c.space, conditionID(v.about), a.code.display)
	c.writeDosage(d)
	c.object("dispenseRequest")
	if a.days == 0 {
		c.integer("numberOfRepeatsAllowed", 3)
	}
	c.quantity("quantity", max(d.dose*d.times*d.weeks*7/d.days/100, 1), 0, d.unit)
	c.quantity("expectedSupplyDuration", d.weeks*7, 0, inDays)
	c.end()
	c.object("substitution")
	c.boolean("allowedBoolean", true)
	c.end()
	c.endLine()
	return of
}

func (c *chart) writeDosage(d *drug) {
	c.list("dosageInstruction")
	c.integer("sequence", 1)
	c.text("text", d.sig)
	c.object("timing")
	c.object("repeat")
	c.integer("frequency", d.times)
	c.integer("period", d.days)
	c.text("periodUnit", "d")
	c.end()
	c.end()
	c.boolean("asNeededBoolean", d.needed)
	c.codeable("route", d.route)
	c.list("doseAndRate")
	c.writeDose("doseQuantity", d)
	c.endList()
	c.endList()
}

// writeDose writes a single dose, in whole units where it is whole.
func (c *chart) writeDose(name string, d *drug) {
	if d.dose%100 == 0 {
		c.quantity(name, d.dose/100, 0, d.unit)
	} else {
		c.quantity(name, d.dose, 2, d.unit)
	}
}

func (c *chart) writeAdministration(n int, d *drug, request id) {
	v := &c.visits[n]
	c.resource(c.space, c.issue(medicationAdministration), "")
	c.text("status", "completed")
	if v.setting == inpatient {
		c.codeable("category", inpatientGiven)
	} else {
		c.codeable("category", outpatientGave)
	}
	c.named("medicationCodeableConcept", d.code)
	c.patientReference("subject")
	c.reference("context", c.space, encounterID(n), "")
	if d.route == intravenous {
		c.period("effectivePeriod", v.start+10*minute, min(v.start+70*minute, v.end))
	} else {
		c.dateTime("effectiveDateTime", v.start+12*minute)
	}
	c.list("performer")
	c.staffReference("actor", v)
	c.endList()
	c.reason("reasonReference", v)
	c.reference("request", c.space, request, "")
	c.object("dosage")
	c.text("text", d.sig)
	c.codeable("route", d.route)
	c.writeDose("dose", d)
	c.end()
	c.endLine()
}
