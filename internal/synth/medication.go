package synth

var (
	communityOrder = hl7("medicationrequest-category", "community", "Community")
	inpatientOrder = hl7("medicationrequest-category", "inpatient", "Inpatient")
	inpatientGiven = hl7("medication-admin-category", "inpatient", "Inpatient")
	outpatientGave = hl7("medication-admin-category", "outpatient", "Outpatient")
	inDays         = unit{"days", "d"}
)

// writeMedications appends the orders of a visit: courses that begin there, and courses
// that go on. An infusion, or an order in a hospital, is also written as given.
func (c *chart) writeMedications(n int) {
	v := &c.visits[n]
	for i := range c.courses {
		k := &c.courses[i]
		if k.about != v.about || n < k.first || n > k.last || !k.takenAt(v.start+ordered) {
			continue
		}
		of := c.writeMedicationRequest(n, k)
		c.orders = append(c.orders, order{k, of})
		if k.route == intravenous || v.setting == emergency || v.setting == inpatient {
			c.writeAdministration(n, k.drug, of)
		}
	}
}

// writeMedicationRequest appends an order. The last one of a course says how the course
// ended; those before it are completed.
func (c *chart) writeMedicationRequest(n int, k *course) id {
	v, d := &c.visits[n], k.drug
	a := &c.afflictions[v.about]
	of := c.issue(medicationRequest)
	c.resource(c.space, of, usCore+"us-core-medicationrequest")
	switch why := k.ending; {
	case n < k.last || why == completed:
		c.text("status", "completed")
	case why == running:
		c.text("status", "active")
	default:
		c.text("status", "stopped")
		c.statusReason(why.statusReason())
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
	c.dateTime("authoredOn", v.start+ordered)
	c.staffReference("requester", v)
	c.references("reasonReference", c.space, conditionID(v.about), a.code.display)
	c.writeDosage(d)
	c.object("dispenseRequest")
	c.writeValidity(v, k)
	if a.days == 0 {
		c.integer("numberOfRepeatsAllowed", repeats)
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

// statusReason writes a reason, which is a code or words.
func (c *chart) statusReason(why concept) {
	if why.code != "" {
		c.codeable("statusReason", why)
		return
	}
	c.object("statusReason")
	c.text("text", why.display)
	c.end()
}

// writeValidity says how long an order may be filled: for its repeats, or until the
// course ended.
func (c *chart) writeValidity(v *visit, k *course) {
	fills := moment(1)
	if c.afflictions[k.about].days == 0 {
		fills += repeats
	}
	end := v.start + ordered + fills*moment(k.weeks)*7*day
	if k.stop != 0 {
		end = min(end, k.stop)
	}
	c.period("validityPeriod", v.start+ordered, end)
}

// repeats is how often an order for a chronic disorder may be filled again.
const repeats = 3

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

// writeDose writes a single dose, without decimals if it is whole.
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
