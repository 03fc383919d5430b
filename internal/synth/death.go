package synth

// deathbeds are where people die, each as likely as any other of the list.
var deathbeds = []setting{inpatient, inpatient, emergency, homeCare}

// drawDeathbed decides where the patient dies and when the last visit begins, before
// which all others end.
func (l *life) drawDeathbed() {
	l.closing = l.last - hour
	if l.died == 0 {
		return
	}
	l.deathbed = pick(&l.random, deathbeds)
	kind := &settings[l.deathbed]
	stay := moment(l.between(kind.low, kind.high)) * minute
	l.closing = max(l.died-stay, l.born+hour)
}

// planDeath plans the last visit. The patient dies at its end, of a deadly affliction or of
// one of the common causes.
func (l *life) planDeath() {
	if l.died == 0 {
		return
	}
	about := l.drawCause()
	diagnosis := about < 0
	if diagnosis {
		about = len(l.afflictions)
		of := &causes[byWeight(&l.random, causes, l.weight)]
		onset := max(l.closing-moment(l.below(int(day))), l.born)
		l.afflictions = append(l.afflictions, affliction{disorder: of.disorder, onset: onset})
	}
	l.addVisit(visit{start: l.closing, end: l.died, setting: l.deathbed, about: about, diagnosis: diagnosis, last: true})
}

// drawCause returns the affliction that the patient dies of, or -1 for a new cause.
func (l *life) drawCause() int {
	total := 0
	for i := range causes {
		total += l.weight(&causes[i])
	}
	for i := range l.afflictions {
		total += l.deadly(i)
	}
	n := l.below(total)
	for i := range l.afflictions {
		if n -= l.deadly(i); n < 0 {
			return i
		}
	}
	return -1
}

// deadly returns the weight of an affliction among the causes of death.
func (l *life) deadly(about int) int {
	if a := &l.afflictions[about]; a.activeAt(l.died) {
		return a.lethal * 10
	}
	return 0
}

// weight returns how much a common cause weighs for the patient.
func (l *life) weight(of *cause) int {
	age := l.ageAt(l.died)
	if age < of.from || age > of.to || of.disorder == covid && (l.died < covidBegan || l.died > covidEbbed) {
		return 0
	}
	return of.weight[l.sex()]
}

var (
	causeOfDeath     = loinc("69453-9", "Cause of Death [US Standard Certificate of Death]")
	deathCertificate = loinc("69409-1", "U.S. standard certificate of death - 2003 revision")
	examCategory     = hl7("observation-category", "exam", "Exam")
)

// writeDeath appends the cause of death and the certificate.
func (c *chart) writeDeath(n int) {
	v := &c.visits[n]
	a := &c.afflictions[v.about]
	cause := c.openObservation(n, causeOfDeath, examCategory, "", v.end)
	c.named("valueCodeableConcept", a.code)
	c.endLine()
	c.resource(c.space, c.issue(diagnosticReport), "")
	c.text("status", "final")
	c.named("code", deathCertificate)
	c.patientReference("subject")
	c.encounterReference(n)
	c.dateTime("effectiveDateTime", v.end)
	c.instant("issued", v.end)
	c.staffReferences("performer", v)
	c.references("result", c.space, cause, causeOfDeath.display)
	c.text("conclusion", a.words)
	c.endLine()
}
