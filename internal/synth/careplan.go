package synth

var (
	assessPlan    = concept{"http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan", "Assessment and Plan of Treatment"}
	patientRole   = snomed("116154003", "Patient")
	clinicianRole = snomed("223366009", "Healthcare professional (occupation)")
	providerRole  = snomed("224891009", "Healthcare services (qualifier value)")
)

// writeCarePlan appends the care team and the plan that a disorder calls for
// when it is found.
func (c *chart) writeCarePlan(n int) {
	v := &c.visits[n]
	a := &c.afflictions[v.about]
	if a.plan == nil {
		return
	}
	team := c.issue(careTeam)
	c.writeCareTeam(n, team)
	status, doing := "active", "in-progress"
	if c.ended(a, v) != 0 {
		status, doing = "completed", "completed"
	}
	c.resource(c.space, c.issue(carePlan), usCore+"us-core-careplan")
	c.writePlanNarrative(a)
	c.text("status", status)
	c.text("intent", "order")
	c.array("category")
	c.item()
	c.codings(assessPlan)
	c.end()
	c.item()
	c.codings(a.plan.code)
	c.text("text", a.plan.code.display)
	c.end()
	c.endArray()
	c.patientReference("subject")
	c.encounterReference(n)
	c.period("period", v.start, c.ended(a, v))
	c.staffReference("author", v)
	c.references("careTeam", c.space, team, "")
	c.references("addresses", c.space, conditionID(v.about), a.code.display)
	c.array("activity")
	for _, activity := range a.plan.activities {
		c.item()
		c.object("detail")
		c.named("code", activity)
		c.text("status", doing)
		c.siteReference("location", v)
		c.end()
		c.end()
	}
	c.endArray()
	c.endLine()
}

// ended returns when care that began at a visit for a disorder ended, with the disorder or
// with the patient, or 0 if it goes on. Care never ends before the visit.
func (c *chart) ended(a *affliction, v *visit) moment {
	end := a.end
	if end == 0 {
		end = c.died
	}
	if end == 0 {
		return 0
	}
	return max(end, v.end)
}

func (c *chart) writePlanNarrative(a *affliction) {
	c.narrative()
	c.raw("Care plan for ")
	c.raw(a.plan.code.display)
	c.raw(".<br/>Activities: <ul>")
	for _, activity := range a.plan.activities {
		c.raw("<li>")
		c.raw(activity.display)
		c.raw("</li>")
	}
	c.raw("</ul>Care plan is meant to treat ")
	c.raw(a.code.display)
	c.raw(".")
	c.endNarrative()
}

func (c *chart) writeCareTeam(n int, of id) {
	v := &c.visits[n]
	a := &c.afflictions[v.about]
	c.resource(c.space, of, usCore+"us-core-careteam")
	if c.ended(a, v) != 0 {
		c.text("status", "inactive")
	} else {
		c.text("status", "active")
	}
	c.key("name")
	c.raw(`"Care team for `)
	c.raw(a.code.display)
	c.raw(`"`)
	c.patientReference("subject")
	c.encounterReference(n)
	c.period("period", v.start, c.ended(a, v))
	c.array("participant")
	c.item()
	c.nameds("role", patientRole)
	c.reference("member", c.space, subject, c.display)
	c.end()
	c.item()
	c.nameds("role", clinicianRole)
	c.staffReference("member", v)
	c.providerReference("onBehalfOf", v)
	c.end()
	c.item()
	c.nameds("role", providerRole)
	c.providerReference("member", v)
	c.end()
	c.endArray()
	c.nameds("reasonCode", a.code)
	c.providerReferences("managingOrganization", v)
	c.endLine()
}
