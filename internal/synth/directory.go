package synth

import "strconv"

// directory has the resources that all patients share, in groups: a hospital and three
// practices in one city. A group depends on the seed and its own number alone.
type directory struct {
	space
	providers []provider
	staff     []clinician // staffPerFacility for each provider, in order
}

// provider is an organization that treats patients.
type provider struct {
	name     string
	facility int
	place    *place
	street   string
	phone    int // seven digits
}

// clinician is a practitioner and their role.
type clinician struct {
	given, family string
	display       string // as references show it
	woman         bool
	specialty     *specialty
	npi           int
	since         int // year of qualification
}

// directorySpace numbers the directory's ids apart from those of patients.
const directorySpace = 1 << 63

// groupsFor returns the number of groups that n patients share. It grows with the square
// root, as a health system does with its region.
func groupsFor(n int) int { return 2 + root(n)/2 }

// root returns the whole part of the square root of n, by Newton's method.
func root(n int) int {
	if n < 2 {
		return n
	}
	x := n
	for y := (x + 1) / 2; y < x; y = (x + n/x) / 2 {
		x = y
	}
	return x
}

func newDirectory(seed uint64, groups int) *directory {
	d := &directory{
		space:     newSpace(seed, directorySpace),
		providers: make([]provider, 0, groups*len(facilities)),
		staff:     make([]clinician, 0, groups*len(facilities)*staffPerFacility),
	}
	for group := range groups {
		r := random{mix(d.low ^ mix(uint64(group)))}
		at := &places[(group+int(d.high%uint64(len(places))))%len(places)]
		for f := range facilities {
			d.providers = append(d.providers, newProvider(&r, group, f, at))
			for s := range staffPerFacility {
				d.staff = append(d.staff, newClinician(&r, &specialties[f][s]))
			}
		}
	}
	return d
}

func newProvider(r *random, group, f int, at *place) provider {
	name := at.city + " " + facilities[f].suffix
	if facilities[f].hospital && r.permille(500) {
		name = pick(r, saints) + " Hospital of " + at.city
	}
	if again := group / len(places); again > 0 {
		name += " No. " + strconv.Itoa(again+1)
	}
	return provider{
		name:     name,
		facility: f,
		place:    at,
		street:   streetLine(r),
		phone:    r.between(2000000, 9999999),
	}
}

func streetLine(r *random) string {
	return strconv.Itoa(r.between(1, 999)) + " " + pick(r, streetNames) + " " + pick(r, streetKinds)
}

func newClinician(r *random, s *specialty) clinician {
	pool := &cultures.anglo
	switch n := r.below(10); {
	case n < 2:
		pool = &cultures.asian
	case n < 3:
		pool = &cultures.hispanic
	case n < 4:
		pool = &cultures.french
	}
	p := clinician{
		woman:     r.permille(520),
		specialty: s,
		npi:       1000000000 + r.below(1000000000),
		family:    pick(r, pool.families),
		since:     r.between(1975, 2014),
	}
	p.given = pick(r, pool.men)
	if p.woman {
		p.given = pick(r, pool.women)
	}
	p.display = p.given + " " + p.family + ", " + s.suffix
	return p
}

func payerID(n int) id            { return id{organization, uint32(n)} }
func providerID(n int) id         { return id{organization, uint32(len(payers) + n)} }
func siteID(provider int) id      { return id{location, uint32(2 * provider)} }
func wardID(provider int) id      { return id{location, uint32(2*provider + 1)} }
func practitionerID(n int) id     { return id{practitioner, uint32(n)} }
func practitionerRoleID(n int) id { return id{practitionerRole, uint32(n)} }

// write appends the lines of the directory.
func (d *directory) write(w *writer) {
	for n := range payers {
		d.writePayer(w, n)
	}
	for n := range d.providers {
		d.writeProvider(w, n)
		d.writeSite(w, n)
		if facilities[d.providers[n].facility].hospital {
			d.writeWard(w, n)
		}
		for s := range staffPerFacility {
			d.writePractitioner(w, n, n*staffPerFacility+s)
			d.writeRole(w, n, n*staffPerFacility+s)
		}
	}
}

var (
	insurer       = hl7("organization-type", "ins", "Insurance Company")
	careProvider  = hl7("organization-type", "prov", "Healthcare Provider")
	siteType      = hl7("location-physical-type", "bu", "Building")
	wardType      = hl7("location-physical-type", "wa", "Ward")
	hospitalType  = hl7("v3-RoleCode", "HOSP", "Hospital")
	practiceType  = hl7("v3-RoleCode", "OF", "Outpatient facility")
	emergencyType = hl7("v3-RoleCode", "ER", "Emergency room")
)

const (
	npiSystem      = "http://hl7.org/fhir/sid/us-npi"
	naicSystem     = "urn:oid:2.16.840.1.113883.6.300" // of insurers
	facilitySystem = "https://github.com/fhirlake/fhirlake/facility"
)

func (d *directory) writePayer(w *writer, n int) {
	w.resource(d.space, payerID(n), usCore+"us-core-organization")
	w.list("identifier")
	w.text("system", naicSystem)
	w.key("value")
	w.b = append(w.b, '"')
	w.b = appendDigits(w.b, 60000+137*n, 5)
	w.b = append(w.b, '"')
	w.endList()
	w.boolean("active", true)
	w.nameds("type", insurer)
	w.text("name", payers[n])
	w.endLine()
}

func (d *directory) writeProvider(w *writer, n int) {
	p := &d.providers[n]
	w.resource(d.space, providerID(n), usCore+"us-core-organization")
	d.facilityIdentifier(w, providerID(n))
	w.boolean("active", true)
	w.nameds("type", careProvider)
	w.text("name", p.name)
	w.phones(p)
	w.list("address")
	w.providerAddress(p)
	w.endList()
	w.endLine()
}

func (d *directory) facilityIdentifier(w *writer, of id) {
	w.list("identifier")
	w.text("system", facilitySystem)
	w.uuid("value", "", d.space, of)
	w.endList()
}

func (w *writer) phones(p *provider) {
	w.list("telecom")
	w.text("system", "phone")
	w.phone(p.phone)
	w.text("use", "work")
	w.endList()
}

// phone writes a seven-digit number under the area code 555, which is not
// given to anyone.
func (w *writer) phone(number int) {
	w.key("value")
	w.b = append(w.b, `"555-`...)
	w.b = appendDigits(w.b, number/10000%1000, 3)
	w.b = append(w.b, '-')
	w.b = appendDigits(w.b, number%10000, 4)
	w.b = append(w.b, '"')
}

func (w *writer) providerAddress(p *provider) {
	w.texts("line", p.street)
	w.cityFields(p.place)
}

func (w *writer) cityFields(p *place) {
	w.text("city", p.city)
	w.text("state", p.state)
	w.text("postalCode", p.zip)
	w.text("country", "US")
}

func (d *directory) writeSite(w *writer, n int) {
	p := &d.providers[n]
	w.resource(d.space, siteID(n), usCore+"us-core-location")
	d.facilityIdentifier(w, siteID(n))
	w.text("status", "active")
	w.text("name", p.name)
	w.text("mode", "instance")
	if facilities[p.facility].hospital {
		w.nameds("type", hospitalType)
	} else {
		w.nameds("type", practiceType)
	}
	w.phones(p)
	w.object("address")
	w.providerAddress(p)
	w.end()
	w.codeable("physicalType", siteType)
	w.object("position")
	// Two providers of a city stand some hundred meters apart.
	w.decimal("longitude", p.place.longitude+p.phone%9000-4500, 6)
	w.decimal("latitude", p.place.latitude+p.phone/1000%9000-4500, 6)
	w.end()
	w.reference("managingOrganization", d.space, providerID(n), p.name)
	w.endLine()
}

func (d *directory) writeWard(w *writer, n int) {
	p := &d.providers[n]
	w.resource(d.space, wardID(n), usCore+"us-core-location")
	w.text("status", "active")
	w.key("name")
	w.b = append(w.b, '"')
	w.raw(p.name)
	w.raw(` Emergency Department"`)
	w.texts("alias", "ED")
	w.text("mode", "instance")
	w.nameds("type", emergencyType)
	w.codeable("physicalType", wardType)
	w.reference("managingOrganization", d.space, providerID(n), p.name)
	w.reference("partOf", d.space, siteID(n), p.name)
	w.list("hoursOfOperation")
	w.texts("daysOfWeek", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
	w.boolean("allDay", true)
	w.endList()
	w.endLine()
}

func (d *directory) writePractitioner(w *writer, at, n int) {
	c := &d.staff[n]
	w.resource(d.space, practitionerID(n), usCore+"us-core-practitioner")
	w.list("identifier")
	w.text("system", npiSystem)
	w.key("value")
	w.b = append(w.b, '"')
	w.b = strconv.AppendInt(w.b, int64(c.npi), 10)
	w.b = append(w.b, '"')
	w.endList()
	w.boolean("active", true)
	w.list("name")
	w.text("use", "official")
	w.text("family", c.family)
	w.texts("given", c.given)
	if c.specialty.role == doctor {
		w.texts("prefix", "Dr.")
	}
	w.texts("suffix", c.specialty.suffix)
	w.endList()
	w.list("telecom")
	w.text("system", "email")
	w.mailbox(c.given, c.family, "hospital.example.org")
	w.text("use", "work")
	w.endList()
	w.list("address")
	w.text("use", "work")
	w.providerAddress(&d.providers[at])
	w.endList()
	w.text("gender", gender(c.woman))
	w.list("qualification")
	w.object("code")
	w.text("text", c.specialty.suffix)
	w.end()
	w.object("period")
	w.key("start")
	w.b = append(w.b, '"')
	w.b = appendDigits(w.b, c.since, 4)
	w.b = append(w.b, '"')
	w.end()
	w.endList()
	w.endLine()
}

func gender(woman bool) string {
	if woman {
		return "female"
	}
	return "male"
}

func (d *directory) writeRole(w *writer, at, n int) {
	c, p := &d.staff[n], &d.providers[at]
	w.resource(d.space, practitionerRoleID(n), usCore+"us-core-practitionerrole")
	w.boolean("active", true)
	w.object("period")
	w.key("start")
	w.b = append(w.b, '"')
	w.b = appendDigits(w.b, c.since+1, 4)
	w.b = append(w.b, `-07-01"`...)
	w.end()
	w.reference("practitioner", d.space, practitionerID(n), c.display)
	w.reference("organization", d.space, providerID(at), p.name)
	w.nameds("code", c.specialty.role)
	w.nameds("specialty", c.specialty.taxonomy)
	w.references("location", d.space, siteID(at), p.name)
	w.phones(p)
	w.list("availableTime")
	w.texts("daysOfWeek", "mon", "tue", "wed", "thu", "fri")
	w.text("availableStartTime", "08:30:00")
	w.text("availableEndTime", "17:00:00")
	w.endList()
	w.endLine()
}
