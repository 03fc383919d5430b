package synth

// writeDevice appends the device with which most patients live with the disorder.
func (c *chart) writeDevice(n int) {
	v := &c.visits[n]
	a := c.afflictions[v.about].device
	if a == nil || !c.permille(800) {
		return
	}
	made := v.start - moment(c.between(20, 300))*day
	expires := made + moment(a.years)*year
	lot, serial := c.below(10000000), c.below(100000000)
	c.resource(c.space, c.issue(device), usCore+"us-core-implantable-device")
	c.list("udiCarrier")
	c.key("deviceIdentifier")
	c.raw(`"0`)
	c.raw(a.product)
	c.raw(`"`)
	c.text("issuer", "http://hl7.org/fhir/NamingSystem/gs1-di")
	c.key("carrierHRF")
	c.raw(`"(01)0`)
	c.raw(a.product)
	c.raw("(11)")
	c.shortDate(made)
	c.raw("(17)")
	c.shortDate(expires)
	c.raw("(10)")
	c.b = appendDigits(c.b, lot, 7)
	c.raw("(21)")
	c.b = appendDigits(c.b, serial, 8)
	c.raw(`"`)
	c.text("entryType", "barcode")
	c.endList()
	c.text("status", "active")
	c.key("distinctIdentifier")
	c.raw(`"0`)
	c.raw(a.product)
	c.raw(`"`)
	c.text("manufacturer", a.maker)
	c.dateTime("manufactureDate", made)
	c.dateTime("expirationDate", expires)
	c.key("lotNumber")
	c.raw(`"`)
	c.b = appendDigits(c.b, lot, 7)
	c.raw(`"`)
	c.key("serialNumber")
	c.raw(`"`)
	c.b = appendDigits(c.b, serial, 8)
	c.raw(`"`)
	c.list("deviceName")
	c.text("name", a.code.display)
	c.text("type", "user-friendly-name")
	c.endList()
	c.named("type", a.code)
	c.patientReference("patient")
	c.endLine()
}

// shortDate appends t as the YYMMDD of GS1 element strings.
func (c *chart) shortDate(t moment) {
	d, _, _ := t.local()
	c.b = appendDigits(c.b, d.year%100, 2)
	c.b = appendDigits(c.b, d.month, 2)
	c.b = appendDigits(c.b, d.day, 2)
}
