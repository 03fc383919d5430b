package synth

// The parts of an adjudication, with the share of each in the submitted amount of an
// insured patient, in percent. Displays are left out: an ExplanationOfBenefit has dozens of
// them.
var adjudications = [...]struct {
	code  concept
	share int
}{
	{hl7("adjudication", "submitted", ""), 100},
	{hl7("adjudication", "copay", ""), 20},
	{hl7("adjudication", "benefit", ""), 80},
}

const (
	submittedPart = 0
	benefitPart   = 2
)

var (
	placeOfService  = concept{terminology + "ex-serviceplace", "19", "Off Campus-Outpatient Hospital"}
	medicalCare     = hl7("ex-benefitcategory", "1", "Medical Care")
	completePayment = hl7("ex-paymenttype", "complete", "Complete")
	inNetwork       = hl7("benefit-network", "in", "In Network")
)

// writeBenefit appends the payer's decision about the bill. The referral and the coverage
// are contained, since neither type is among those of the data set.
func (c *chart) writeBenefit(n int, bill id) {
	v := &c.visits[n]
	settled := min(v.end+moment(c.between(2, 21))*day, now)
	c.resource(c.space, c.issue(explanationOfBenefit), "")
	c.writeContainedInsurance(v)
	c.list("identifier")
	c.text("system", "https://bluebutton.cms.gov/resources/variables/clm_id")
	c.uuid("value", "", c.space, bill)
	c.endList()
	c.text("status", "active")
	c.codeable("type", v.claimType())
	c.text("use", "claim")
	c.reference("patient", c.space, subject, "")
	c.period("billablePeriod", v.start, settled)
	c.dateTime("created", settled)
	c.reference("insurer", c.directory.space, payerID(c.payer), payers[c.payer])
	c.staffReference("provider", v)
	c.local("referral", "#referral")
	c.object("facility")
	c.siteFields(v)
	c.end()
	c.reference("claim", c.space, bill, "")
	c.text("outcome", "complete")
	c.list("careTeam")
	c.integer("sequence", 1)
	c.staffReference("provider", v)
	c.codeable("role", primaryCare)
	c.endList()
	c.writeBilledImmunizations()
	c.writeBilledDiagnosis(v)
	c.writeBilledProcedures()
	c.list("insurance")
	c.boolean("focal", true)
	c.object("coverage")
	c.text("reference", "#coverage")
	c.text("display", payers[c.payer])
	c.end()
	c.endList()
	c.writeItems(n, (*chart).writeBenefitItem)
	c.writeSettlement(settled)
	c.endLine()
}

// local writes a Reference to a contained resource.
func (c *chart) local(name, to string) {
	c.object(name)
	c.text("reference", to)
	c.end()
}

func (c *chart) writeContainedInsurance(v *visit) {
	c.array("contained")
	c.item()
	c.text("resourceType", "ServiceRequest")
	c.text("id", "referral")
	c.text("status", "completed")
	c.text("intent", "order")
	c.patientReference("subject")
	c.staffReference("requester", v)
	c.staffReferences("performer", v)
	c.end()
	c.item()
	c.text("resourceType", "Coverage")
	c.text("id", "coverage")
	c.text("status", "active")
	c.object("type")
	c.text("text", payers[c.payer])
	c.end()
	c.patientReference("beneficiary")
	c.references("payor", c.directory.space, payerID(c.payer), payers[c.payer])
	c.end()
	c.endArray()
}

func (c *chart) writeBenefitItem(n int, billed *charge) {
	v := &c.visits[n]
	if billed.of.kind != encounter {
		c.codeable("productOrService", billed.what)
		c.partial("servicedDate", v.start, toDay)
	} else {
		c.codeable("category", medicalCare)
		c.codeable("productOrService", billed.what)
		c.period("servicedPeriod", v.start, v.end)
		c.codeable("locationCodeableConcept", placeOfService)
	}
	c.money("net", billed.cents)
	if billed.of.kind == encounter {
		c.references("encounter", c.space, encounterID(n), "")
	}
	c.array("adjudication")
	for i := range adjudications {
		c.item()
		c.codeable("category", adjudications[i].code)
		c.money("amount", c.share(i, billed.cents))
		c.end()
	}
	c.endArray()
}

// share returns the part of an amount that an adjudication allots. Those who
// pay themselves get nothing back.
func (c *chart) share(part, cents int) int {
	if c.payer == noInsurance && part != submittedPart {
		return 0
	}
	return cents * adjudications[part].share / 100
}

func (c *chart) writeSettlement(settled moment) {
	total := c.total()
	c.array("total")
	for _, part := range [...]int{submittedPart, benefitPart} {
		c.item()
		c.codeable("category", adjudications[part].code)
		c.money("amount", c.share(part, total))
		c.end()
	}
	c.endArray()
	c.object("payment")
	c.codeable("type", completePayment)
	c.partial("date", settled, toDay)
	c.money("amount", c.share(benefitPart, total))
	c.end()
	c.list("benefitBalance")
	c.codeable("category", medicalCare)
	c.codeable("network", inNetwork)
	c.endList()
}
