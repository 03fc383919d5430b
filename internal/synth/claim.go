package synth

var (
	institutional = hl7("claim-type", "institutional", "Institutional")
	professional  = hl7("claim-type", "professional", "Professional")
	pharmacy      = hl7("claim-type", "pharmacy", "Pharmacy")
	normalHaste   = hl7("processpriority", "normal", "Normal")
	primaryCare   = hl7("claimcareteamrole", "primary", "Primary provider")
	infoCategory  = hl7("claiminformationcategory", "info", "Information")
)

func (v *visit) claimType() concept {
	if v.setting == inpatient {
		return institutional
	}
	return professional
}

// writeClaim appends the bill for the visit and returns its id.
func (c *chart) writeClaim(n int) id {
	v := &c.visits[n]
	of := c.issue(claim)
	c.openClaim(of, n, v.claimType())
	c.object("facility")
	c.siteFields(v)
	c.end()
	c.writeBilledImmunizations()
	c.writeBilledDiagnosis(v)
	c.writeBilledProcedures()
	c.writeInsurance()
	c.writeItems(n, (*chart).writeClaimItem)
	c.money("total", c.total())
	c.endLine()
	return of
}

// openClaim opens a Claim up to and including its priority.
func (c *chart) openClaim(of id, n int, kind concept) {
	v := &c.visits[n]
	c.resource(c.space, of, "")
	c.text("status", "active")
	c.codeable("type", kind)
	c.text("use", "claim")
	c.patientReference("patient")
	c.period("billablePeriod", v.start, v.end)
	c.dateTime("created", v.end)
	if c.payer != noInsurance {
		c.reference("insurer", c.directory.space, payerID(c.payer), payers[c.payer])
	}
	c.providerReference("provider", v)
	c.codeable("priority", normalHaste)
}

func (c *chart) siteFields(v *visit) {
	c.referenceFields(c.directory.space, siteID(v.provider), c.directory.providers[v.provider].name)
}

// writeBilledImmunizations refers to the immunizations on the bill as
// supportingInfo, in the order in which the items count them.
func (c *chart) writeBilledImmunizations() {
	sequence := 0
	for _, billed := range c.charges {
		if billed.of.kind != immunization {
			continue
		}
		if sequence++; sequence == 1 {
			c.array("supportingInfo")
		}
		c.item()
		c.integer("sequence", sequence)
		c.codeable("category", infoCategory)
		c.reference("valueReference", c.space, billed.of, "")
		c.end()
	}
	if sequence > 0 {
		c.endArray()
	}
}

// writeBilledProcedures refers to the procedures on the bill, likewise.
func (c *chart) writeBilledProcedures() {
	sequence := 0
	for _, billed := range c.charges {
		if billed.of.kind != procedure {
			continue
		}
		if sequence++; sequence == 1 {
			c.array("procedure")
		}
		c.item()
		c.integer("sequence", sequence)
		c.reference("procedureReference", c.space, billed.of, "")
		c.end()
	}
	if sequence > 0 {
		c.endArray()
	}
}

// writeItems writes the items of the bill: the first elements of each, which Claim and
// ExplanationOfBenefit have in common, and the others by more.
func (c *chart) writeItems(n int, more func(c *chart, n int, billed *charge)) {
	v := &c.visits[n]
	procedures, immunizations := 0, 0
	c.array("item")
	for i := range c.charges {
		billed := &c.charges[i]
		c.item()
		c.integer("sequence", i+1)
		if i == 0 && v.about >= 0 {
			c.sequence("diagnosisSequence", 1)
		}
		switch billed.of.kind {
		case procedure:
			procedures++
			c.sequence("procedureSequence", procedures)
		case immunization:
			immunizations++
			c.sequence("informationSequence", immunizations)
		}
		more(c, n, billed)
		c.end()
	}
	c.endArray()
}

// sequence writes an array of one positive integer.
func (c *chart) sequence(name string, n int) {
	c.array(name)
	c.number(n)
	c.endArray()
}

func (c *chart) writeClaimItem(n int, billed *charge) {
	c.codeable("productOrService", billed.what)
	if billed.of.kind == encounter {
		c.references("encounter", c.space, encounterID(n), "")
		return
	}
	c.money("net", billed.cents)
}

// writeBilledDiagnosis refers to the reason of the visit.
func (c *chart) writeBilledDiagnosis(v *visit) {
	if v.about < 0 {
		return
	}
	c.list("diagnosis")
	c.integer("sequence", 1)
	c.reference("diagnosisReference", c.space, conditionID(v.about), "")
	c.endList()
}

func (c *chart) writeInsurance() {
	c.list("insurance")
	c.integer("sequence", 1)
	c.boolean("focal", true)
	c.object("coverage")
	c.text("display", payers[c.payer])
	c.end()
	c.endList()
}

// writePharmacyClaims appends a Claim for each order of the visit.
func (c *chart) writePharmacyClaims(n int) {
	v := &c.visits[n]
	for _, o := range c.orders {
		c.openClaim(c.issue(claim), n, pharmacy)
		c.reference("prescription", c.space, o.of, "")
		c.writeBilledDiagnosis(v)
		c.writeInsurance()
		c.list("item")
		c.integer("sequence", 1)
		c.named("productOrService", o.code)
		c.money("net", o.cents)
		c.references("encounter", c.space, encounterID(n), "")
		c.endList()
		c.money("total", o.cents)
		c.endLine()
	}
}

func (c *chart) total() int {
	cents := 0
	for _, item := range c.charges {
		cents += item.cents
	}
	return cents
}
