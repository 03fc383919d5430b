package synth

// chart writes the record of a life. It is scratch space: its slices keep their capacity
// from patient to patient, and its bytes are the caller's.
type chart struct {
	writer
	life
	space
	directory *directory
	count     [kinds]uint32 // ids given out, by kind
	display   string        // the patient's name as references show it
	history   []reading     // the last of each measure
	kin       familyHistory
	education string

	// Of the visit being written:
	traits   trait
	charges  []charge
	results  []result
	values   []int // of a panel
	readings []reading
	vitals   vitals
	orders   []order
	note     note
}

// charge is a line of the visit's bill.
type charge struct {
	what  concept
	cents int
	of    id // Encounter, Procedure, Immunization or DiagnosticReport
}

// result is an Observation that a report refers to.
type result struct {
	of      id
	display string
}

// order is a MedicationRequest of the visit.
type order struct {
	*course
	of id
}

// reset turns the chart to patient i and draws who they are.
func (c *chart) reset(g *Generator, i int) {
	c.directory = g.directory
	c.space = newSpace(g.seed, uint64(i))
	c.random = random{mix(c.low)}
	c.count = [kinds]uint32{}
	c.draw(&c.random, i)
	c.display = c.name()
	c.drawAllergies()
	c.history = c.history[:0]
	c.kin.draw(&c.random, c.ageAt(c.last) < 40)
	c.education = pick(&c.random, educations)
}

// name returns the patient's name with the form of address.
func (c *chart) name() string {
	name := make([]byte, 0, 64)
	if h := c.honorific(); h != "" {
		name = append(append(name, h...), ' ')
	}
	name = append(append(name, c.given...), ' ')
	return string(c.appendFamily(name))
}

// write appends all lines of the patient.
func (c *chart) write() {
	c.writePatient()
	for v := range c.visits {
		c.writeVisit(v)
	}
	c.writePatientProvenance()
}

// issue gives out the next id of a kind.
func (c *chart) issue(k kind) id {
	n := c.count[k]
	c.count[k]++
	return id{k, n}
}

var subject = id{patient, 0}

func encounterID(v int) id     { return id{encounter, uint32(v)} }
func conditionID(about int) id { return id{condition, uint32(about)} }

// writeVisit appends the record of a visit.
func (c *chart) writeVisit(n int) {
	v := &c.visits[n]
	c.traits = c.traitsAt(v.end)
	c.charges = append(c.charges[:0], charge{settings[v.setting].kind, settings[v.setting].cents, encounterID(n)})
	c.orders, c.readings = c.orders[:0], c.readings[:0]
	c.vitals = vitals{}

	c.writeEncounter(n)
	if v.diagnosis {
		c.writeCondition(v.about)
	}
	if n == 0 {
		c.writeAllergies(v)
	}
	c.writeVitals(n)
	c.writeLabs(n)
	c.writeImaging(n)
	c.writeProcedures(n)
	c.writeImmunizations(n)
	c.writeMedications(n)
	if v.diagnosis {
		c.writeCarePlan(n)
		c.writeDevice(n)
	}
	if v.last {
		c.writeDeath(n)
	}
	document := c.writeDocument(n)
	bill := c.writeClaim(n)
	c.writePharmacyClaims(n)
	c.writeBenefit(n, bill)
	if document {
		c.writeDocumentProvenance(n)
	}
}

// patientReference writes the reference to the patient, without the name where
// Synthea leaves it out too.
func (c *chart) patientReference(name string) { c.reference(name, c.space, subject, "") }

func (c *chart) encounterReference(n int) {
	c.reference("encounter", c.space, encounterID(n), "")
}

// staffReference writes the reference to the clinician of the visit.
func (c *chart) staffReference(name string, v *visit) {
	c.reference(name, c.directory.space, practitionerID(v.staff), c.directory.staff[v.staff].display)
}

func (c *chart) staffReferences(name string, v *visit) {
	c.references(name, c.directory.space, practitionerID(v.staff), c.directory.staff[v.staff].display)
}

func (c *chart) providerReference(name string, v *visit) {
	c.reference(name, c.directory.space, providerID(v.provider), c.directory.providers[v.provider].name)
}

func (c *chart) providerReferences(name string, v *visit) {
	c.references(name, c.directory.space, providerID(v.provider), c.directory.providers[v.provider].name)
}

func (c *chart) siteReference(name string, v *visit) {
	site := siteID(v.provider)
	if v.setting == emergency {
		site = wardID(v.provider)
	}
	c.reference(name, c.directory.space, site, c.directory.providers[v.provider].name)
}

// reason writes the reason of the visit, if it has one, as an array of one Reference.
func (c *chart) reason(name string, v *visit) {
	if v.about >= 0 {
		c.references(name, c.space, conditionID(v.about), c.afflictions[v.about].code.display)
	}
}
