package synth

// concept is a code of a known system.
type concept struct{ system, code, display string }

// The code systems that the tables use.
const (
	snomedSystem = "http://snomed.info/sct"
	loincSystem  = "http://loinc.org"
	rxnormSystem = "http://www.nlm.nih.gov/research/umls/rxnorm"
	cvxSystem    = "http://hl7.org/fhir/sid/cvx"
	ucumSystem   = "http://unitsofmeasure.org"
	terminology  = "http://terminology.hl7.org/CodeSystem/"
	usCore       = "http://hl7.org/fhir/us/core/StructureDefinition/"
)

func snomed(code, display string) concept { return concept{snomedSystem, code, display} }
func loinc(code, display string) concept  { return concept{loincSystem, code, display} }

// hl7 returns a code of one of HL7's own systems.
func hl7(system, code, display string) concept {
	return concept{terminology + system, code, display}
}

func (w *writer) codingFields(c concept) {
	w.text("system", c.system)
	w.text("code", c.code)
	if c.display != "" {
		w.text("display", c.display)
	}
}

// coding writes a Coding as the element name.
func (w *writer) coding(name string, c concept) {
	w.object(name)
	w.codingFields(c)
	w.end()
}

// codeable writes a CodeableConcept that has no text of its own.
func (w *writer) codeable(name string, c concept) {
	w.object(name)
	w.codings(c)
	w.end()
}

func (w *writer) codings(c concept) {
	w.list("coding")
	w.codingFields(c)
	w.endList()
}

// named writes a CodeableConcept whose text is the display.
func (w *writer) named(name string, c concept) {
	w.object(name)
	w.codings(c)
	w.text("text", c.display)
	w.end()
}

// codeables writes an array of one CodeableConcept.
func (w *writer) codeables(name string, c concept) {
	w.list(name)
	w.codings(c)
	w.endList()
}

// nameds writes an array of one CodeableConcept with text.
func (w *writer) nameds(name string, c concept) {
	w.list(name)
	w.codings(c)
	w.text("text", c.display)
	w.endList()
}

// reference writes a Reference to a resource; display is left out if empty.
func (w *writer) reference(name string, s space, to id, display string) {
	w.object(name)
	w.referenceFields(s, to, display)
	w.end()
}

// references writes an array of one Reference.
func (w *writer) references(name string, s space, to id, display string) {
	w.list(name)
	w.referenceFields(s, to, display)
	w.endList()
}

func (w *writer) referenceFields(s space, to id, display string) {
	w.key("reference")
	w.b = append(w.b, '"')
	w.b = append(w.b, kindNames[to.kind]...)
	w.b = append(w.b, '/')
	w.b = s.appendUUID(w.b, to)
	w.b = append(w.b, '"')
	if display != "" {
		w.text("display", display)
	}
}

// uuid writes an id's UUID as a string, after a prefix.
func (w *writer) uuid(name, prefix string, s space, of id) {
	w.key(name)
	w.b = append(w.b, '"')
	w.b = append(w.b, prefix...)
	w.b = s.appendUUID(w.b, of)
	w.b = append(w.b, '"')
}

func (w *writer) period(name string, start, end moment) {
	w.object(name)
	w.dateTime("start", start)
	if end != 0 {
		w.dateTime("end", end)
	}
	w.end()
}

// unit is a UCUM unit: how people write it and its code.
type unit struct{ print, code string }

// quantity writes value / 10^scale of a unit.
func (w *writer) quantity(name string, value, scale int, u unit) {
	w.object(name)
	w.decimal("value", value, scale)
	w.text("unit", u.print)
	w.text("system", ucumSystem)
	w.text("code", u.code)
	w.end()
}

// money writes cents as US dollars.
func (w *writer) money(name string, cents int) {
	w.object(name)
	w.decimal("value", cents, 2)
	w.text("currency", "USD")
	w.end()
}

// resource opens a resource, up to and including meta. A profile that is empty
// is left out.
func (w *writer) resource(s space, of id, profile string) {
	w.b = append(w.b, `{"resourceType":"`...)
	w.b = append(w.b, kindNames[of.kind]...)
	w.b = append(w.b, '"')
	w.uuid("id", "", s, of)
	w.object("meta")
	if profile != "" {
		w.texts("profile", profile)
	}
	if profile == "" || of.kind == patient || of.kind == documentReference {
		w.list("security")
		w.codingFields(testData)
		w.endList()
	}
	w.end()
}

// testData is the security label of resources that are made up (FHIR R4 §6.1.1). To save
// size, only resources without a profile have it, and the two types that are most easily
// taken for real.
var testData = hl7("v3-ActReason", "HTEST", "test health data")

// endLine closes the resource and its line.
func (w *writer) endLine() { w.b = append(w.b, '}', '\n') }

// narrative opens a generated Narrative up to its content; endNarrative closes
// it. Content is XHTML, escaped for JSON.
func (w *writer) narrative() {
	w.b = append(w.b, `,"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">`...)
}

func (w *writer) endNarrative() { w.b = append(w.b, `</div>"}`...) }

// raw appends text within a narrative or a string.
func (w *writer) raw(text string) { w.b = append(w.b, text...) }
