package synth

import "strconv"

func (c *chart) writePatient() {
	c.resource(c.space, subject, usCore+"us-core-patient")
	c.narrative()
	c.raw(c.display)
	c.raw(`, made by <a href=\"https://github.com/fhirlake/fhirlake\">fhirlake</a>; not a real person.`)
	c.endNarrative()
	c.writePatientExtensions()
	c.writePatientIdentifiers()
	c.boolean("active", c.died == 0)
	c.writeNames()
	c.writeTelecom()
	c.text("gender", gender(c.woman))
	c.partial("birthDate", c.born, c.birthKnown)
	switch {
	case c.died != 0:
		c.dateTime("deceasedDateTime", c.died)
	case c.permille(250):
		c.boolean("deceasedBoolean", false)
	}
	c.writeHomeAddress()
	c.named("maritalStatus", *c.marital)
	if c.birthNumber > 0 {
		c.integer("multipleBirthInteger", c.birthNumber)
	} else {
		c.boolean("multipleBirthBoolean", false)
	}
	if c.permille(300) {
		c.writeContact()
	}
	c.list("communication")
	c.named("language", c.language)
	if c.permille(200) {
		c.boolean("preferred", true)
	}
	c.endList()
	general := &c.directory.staff[c.doctor]
	c.references("generalPractitioner", c.directory.space, practitionerID(c.doctor), general.display)
	at := c.doctor / staffPerFacility
	c.reference("managingOrganization", c.directory.space, providerID(at), c.directory.providers[at].name)
	c.endLine()
}

func (c *chart) writePatientExtensions() {
	c.array("extension")
	c.category("us-core-race", c.race.code)
	origin := nonHispanicOrigin
	if c.hispanic {
		origin = hispanicOrigin
	}
	c.category("us-core-ethnicity", origin)
	c.item()
	c.text("url", "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName")
	c.key("valueString")
	c.b = append(c.b, '"')
	c.raw(c.mother[0])
	c.raw(" ")
	c.raw(c.mother[1])
	c.raw(`"`)
	c.end()
	c.item()
	c.text("url", usCore+"us-core-birthsex")
	sex := "M"
	if c.woman {
		sex = "F"
	}
	c.text("valueCode", sex)
	c.end()
	c.item()
	c.text("url", "http://hl7.org/fhir/StructureDefinition/patient-birthPlace")
	c.object("valueAddress")
	birthplace := pick(&c.random, places)
	c.text("city", birthplace.city)
	c.text("state", birthplace.state)
	c.text("country", "US")
	c.end()
	c.end()
	c.endArray()
}

// category writes one of US Core's extensions for race and ethnicity.
func (c *chart) category(name string, code concept) {
	c.item()
	c.array("extension")
	if code.code != "" {
		c.item()
		c.text("url", "ombCategory")
		c.coding("valueCoding", code)
		c.end()
	}
	c.item()
	c.text("url", "text")
	c.text("valueString", code.display)
	c.end()
	c.endArray()
	c.key("url")
	c.raw(`"`)
	c.raw(usCore)
	c.raw(name)
	c.raw(`"`)
	c.end()
}

var (
	recordNumber    = hl7("v2-0203", "MR", "Medical record number")
	socialSecurity  = hl7("v2-0203", "SS", "Social Security number")
	driversLicense  = hl7("v2-0203", "DL", "Driver's license number")
	emergencyPerson = concept{terminology + "v2-0131", "C", "Emergency Contact"}
)

const (
	recordSystem   = "https://github.com/fhirlake/fhirlake/mrn"
	licenseSystem  = "urn:oid:2.16.840.1.113883.4.3.25" // of Massachusetts
	securitySystem = "http://hl7.org/fhir/sid/us-ssn"
)

func (c *chart) writePatientIdentifiers() {
	c.array("identifier")
	c.item()
	c.text("use", "usual")
	c.named("type", recordNumber)
	c.text("system", recordSystem)
	c.uuid("value", "", c.space, subject)
	c.end()
	c.item()
	c.text("use", "official")
	c.named("type", socialSecurity)
	c.text("system", securitySystem)
	c.key("value")
	// Numbers that begin with 999 are never given out.
	c.raw(`"999-`)
	c.b = appendDigits(c.b, c.between(10, 99), 2)
	c.raw("-")
	c.b = appendDigits(c.b, c.between(1, 9999), 4)
	c.raw(`"`)
	c.end()
	if c.ageAt(c.last) >= 16 && c.permille(850) {
		c.item()
		c.named("type", driversLicense)
		c.text("system", licenseSystem)
		c.key("value")
		c.raw(`"S999`)
		c.b = appendDigits(c.b, c.below(100000), 5)
		c.raw(`"`)
		c.end()
	}
	c.endArray()
}

func (c *chart) writeNames() {
	c.array("name")
	c.item()
	c.text("use", "official")
	c.writeFamily()
	c.writeGiven()
	if h := c.honorific(); h != "" {
		c.texts("prefix", h)
	}
	if !c.woman && c.permille(40) {
		c.texts("suffix", pick(&c.random, []string{"Jr.", "III", "PhD", "MD"}))
	}
	c.end()
	if c.maiden != "" && c.maiden != c.family[0] {
		c.item()
		c.text("use", "maiden")
		c.text("family", c.maiden)
		c.writeGiven()
		c.end()
	}
	c.endArray()
}

func (c *chart) writeFamily() {
	c.key("family")
	c.raw(`"`)
	c.b = c.appendFamily(c.b)
	c.raw(`"`)
}

func (c *chart) writeGiven() {
	if c.middle != "" {
		c.texts("given", c.given, c.middle)
	} else {
		c.texts("given", c.given)
	}
}

func (c *chart) writeTelecom() {
	c.array("telecom")
	c.item()
	c.text("system", "phone")
	c.phone(c.between(2000000, 9999999))
	c.text("use", "home")
	c.end()
	if age := c.ageAt(c.last); age >= 14 {
		if c.permille(700) {
			c.item()
			c.text("system", "phone")
			c.phone(c.between(2000000, 9999999))
			c.text("use", "mobile")
			c.integer("rank", 1)
			c.end()
		}
		if c.permille(600) {
			c.item()
			c.text("system", "email")
			c.mailbox(c.given, c.family[0], "example.com")
			c.end()
		}
	}
	c.endArray()
}

func (c *chart) writeHomeAddress() {
	city := c.directory.providers[c.home].place
	c.list("address")
	c.list("extension")
	c.array("extension")
	c.item()
	c.text("url", "latitude")
	c.decimal("valueDecimal", city.latitude+c.between(-40000, 40000), 6)
	c.end()
	c.item()
	c.text("url", "longitude")
	c.decimal("valueDecimal", city.longitude+c.between(-40000, 40000), 6)
	c.end()
	c.endArray()
	c.text("url", "http://hl7.org/fhir/StructureDefinition/geolocation")
	c.endList()
	c.text("use", "home")
	c.texts("line", c.street)
	c.cityFields(city)
	if c.permille(150) {
		since := max(c.born, c.last-moment(c.below(6000))*day)
		c.object("period")
		c.partial("start", since, toMonth)
		c.end()
	}
	c.endList()
}

func (c *chart) writeContact() {
	c.list("contact")
	c.nameds("relationship", emergencyPerson)
	c.object("name")
	c.writeFamily()
	c.texts("given", pick(&c.random, c.culture.women))
	c.end()
	c.list("telecom")
	c.text("system", "phone")
	c.phone(c.between(2000000, 9999999))
	c.endList()
	c.text("gender", "female")
	c.endList()
}

// number appends n in decimal.
func (c *chart) number(n int) { c.b = strconv.AppendInt(c.b, int64(n), 10) }
