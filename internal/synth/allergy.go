package synth

// allergy is a substance that the patient does not tolerate, with its reaction.
type allergy struct {
	*allergen
	inactive, unsure bool
	reaction         *reaction // nil if nothing is known of one
	severity         string    // of the reaction
}

// drawAllergies draws the patient's allergies: three in four have none.
func (l *life) drawAllergies() {
	l.allergies = l.allergies[:0]
	if !l.permille(260) {
		return
	}
	first := l.below(len(allergens))
	for i := range l.between(1, 4) {
		a := allergy{allergen: &allergens[(first+5*i)%len(allergens)], inactive: !l.permille(930), unsure: !l.permille(900)}
		if l.permille(600) {
			a.reaction = &reactions[l.below(len(reactions))]
			a.severity = pick(&l.random, []string{"mild", "mild", "moderate", "severe"})
		}
		l.allergies = append(l.allergies, a)
	}
}

var (
	allergyActive   = hl7("allergyintolerance-clinical", "active", "Active")
	allergyInactive = hl7("allergyintolerance-clinical", "inactive", "Inactive")
	allergySure     = hl7("allergyintolerance-verification", "confirmed", "Confirmed")
	allergyClaimed  = hl7("allergyintolerance-verification", "unconfirmed", "Unconfirmed")
)

// writeAllergies appends the patient's allergies, recorded at their first
// visit.
func (c *chart) writeAllergies(v *visit) {
	for i := range c.allergies {
		a := &c.allergies[i]
		c.resource(c.space, c.issue(allergyIntolerance), usCore+"us-core-allergyintolerance")
		if a.inactive {
			c.codeable("clinicalStatus", allergyInactive)
		} else {
			c.codeable("clinicalStatus", allergyActive)
		}
		if a.unsure {
			c.codeable("verificationStatus", allergyClaimed)
		} else {
			c.codeable("verificationStatus", allergySure)
		}
		if a.intolerance {
			c.text("type", "intolerance")
		} else {
			c.text("type", "allergy")
		}
		c.texts("category", a.category)
		c.text("criticality", pick(&c.random, []string{"low", "low", "high", "unable-to-assess"}))
		c.named("code", a.code)
		c.patientReference("patient")
		if c.permille(300) {
			c.partial("onsetDateTime", max(c.born, v.start-moment(c.below(4000))*day), toYear)
		}
		c.dateTime("recordedDate", v.start)
		c.staffReference("recorder", v)
		if a.reaction != nil {
			c.list("reaction")
			c.nameds("manifestation", a.reaction.code)
			c.text("severity", a.severity)
			c.endList()
		}
		c.endLine()
	}
}
