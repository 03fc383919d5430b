package rest_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/stretchr/testify/require"
)

// subject is what expressions are asked about. It breaks rules of the strict level
// that its structure keeps.
const subject = `{"resourceType":"Patient","id":"sub","name":[{"use":"official","family":"Stone","given":["Ann","Bea"],"_given":[null,{"id":"g","extension":[{"url":"http://example.org/x","valueCode":"a"}]}]},{"family":"Wood"}],` +
	`"_birthDate":{"extension":[{"url":"http://example.org/unknown","valueBoolean":true}]},"multipleBirthInteger":2,` +
	`"contact":[{"name":{"family":"Moss"}}],"generalPractitioner":[{"reference":"Practitioner/pat"},{"reference":"Practitioner/nobody"}]}`

// text is a parameter with a string.
func text(name, value string) string {
	return `{"name":"` + name + `","valueString":` + strconv.Quote(value) + `}`
}

// ask is the Parameters of an expression about the subject.
func ask(expression string, more ...string) string {
	subject := `{"name":"resource","resource":` + subject + `}`
	return `{"resourceType":"Parameters","parameter":[` + strings.Join(append(more, text("expression", expression), subject), ",") + `]}`
}

func TestFHIRPath(t *testing.T) {
	c := newClient(t, nil)
	c.must(http.StatusCreated, "PUT", "/Practitioner/pat", `{"resourceType":"Practitioner","id":"pat","active":true}`)
	const json = `{"extension":[{"url":"http://fhir.forms-lab.com/StructureDefinition/json-value","valueString":`
	for _, test := range []struct {
		name, expression string
		more             []string
		want             string // the parts of the one result, or with a context all parameters
	}{
		{name: "nothing", expression: "Patient.photo"},
		{name: "string", expression: "Patient.name.family", want: `{"name":"string","valueString":"Stone"},{"name":"string","valueString":"Wood"}`},
		{name: "code", expression: "name.use", want: `{"name":"code","valueCode":"official"}`},
		{name: "data type", expression: "name[1]", want: `{"name":"HumanName","valueHumanName":{"family":"Wood"}}`},
		{name: "extended primitive", expression: "name.given[1]",
			want: `{"name":"string","valueString":"Bea","_valueString":{"id":"g","extension":[{"url":"http://example.org/x","valueCode":"a"}]}}`},
		{name: "primitive without a value", expression: "birthDate",
			want: `{"name":"date","_valueDate":{"extension":[{"url":"http://example.org/unknown","valueBoolean":true}]}}`},
		{name: "backbone element", expression: "contact", want: json + `"{\"name\":{\"family\":\"Moss\"}}"}],"name":"Patient.contact"}`},
		{name: "extension", expression: "name.given.extension", want: json + `"{\"url\":\"http://example.org/x\",\"valueCode\":\"a\"}"}],"name":"Extension"}`},
		{name: "resource", expression: "generalPractitioner.resolve().ofType(Practitioner).where(id = 'pat').active", want: `{"name":"boolean","valueBoolean":true}`},
		{name: "absolute reference", expression: "('" + c.base + "/Practitioner/pat/_history/1').resolve().id", want: `{"name":"id","valueId":"pat"}`},
		{name: "version that is not there", expression: "'Practitioner/pat/_history/2'.resolve()"},
		{name: "rootResource", expression: "%rootResource.name.count()", want: `{"name":"integer","valueInteger":2}`},
		{name: "System types", expression: "(true).combine(1.50).combine(@2020-02).combine(@2020-02-03T04:05:06Z).combine(@T04:05:06).combine(4 'mg')",
			want: `{"name":"boolean","valueBoolean":true},{"name":"decimal","valueDecimal":1.50},{"name":"date","valueDate":"2020-02"},` +
				`{"name":"dateTime","valueDateTime":"2020-02-03T04:05:06Z"},{"name":"time","valueTime":"04:05:06"},` +
				`{"name":"Quantity","valueQuantity":{"value":4,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}`},
		{name: "what FHIR cannot say", expression: "(@T04).combine('').combine(1.type())",
			want: json + `"\"04\""}],"name":"time"},` + json + `"\"\""}],"name":"string"},` + json + `"\"System.Integer\""}],"name":"TypeInfo"}`},
		{name: "variables", expression: "%a | %b.family | %c.gender | %none", want: `{"name":"string","valueString":"x"},{"name":"string","valueString":"Reed"},{"name":"code","valueCode":"male"}`,
			more: []string{`{"name":"variables","part":[{"name":"a","valueString":"x"},{"name":"b","valueHumanName":{"family":"Reed"}},` +
				`{"name":"c","resource":{"resourceType":"Patient","gender":"male"}},{"name":"none"}]}`}},
		{name: "trace", expression: "name.family.trace('t').count().trace('')",
			want: `{"name":"integer","valueInteger":2},{"name":"trace","valueString":"t","part":[{"name":"string","valueString":"Stone"},{"name":"string","valueString":"Wood"}]},` +
				`{"name":"trace","part":[{"name":"integer","valueInteger":2}]}`},
		{name: "trace of nothing", expression: "photo.trace('t')", want: `{"name":"trace","valueString":"t"}`},
		{name: "context", expression: "given", more: []string{text("context", "name"), text("validate", "true")},
			want: `{"name":"result","valueString":"Patient.name[0]","part":[{"name":"string","valueString":"Ann"},` +
				`{"name":"string","valueString":"Bea","_valueString":{"id":"g","extension":[{"url":"http://example.org/x","valueCode":"a"}]}}]},` +
				`{"name":"result","valueString":"Patient.name[1]"}`},
		{name: "context of a choice", expression: "$this", more: []string{text("context", "multipleBirth")},
			want: `{"name":"result","valueString":"Patient.multipleBirth","part":[{"name":"integer","valueInteger":2}]}`},
		{name: "context below a primitive", expression: "url", more: []string{text("context", "birthDate.extension")},
			want: `{"name":"result","valueString":"Patient.birthDate.extension[0]","part":[{"name":"uri","valueUri":"http://example.org/unknown"}]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.t = t
			want := test.want
			if !strings.HasPrefix(test.name, "context") {
				if want != "" {
					want = `,"part":[` + want + `]`
				}
				want = `{"name":"result"` + want + `}`
			}
			a := c.must(http.StatusOK, "POST", "/$fhirpath", ask(test.expression, test.more...))
			require.Equal(t, `{"resourceType":"Parameters","parameter":[`+want+`]}`, a.body)
		})
	}
	c.t = t
	require.Contains(t, c.must(http.StatusOK, "POST", "/$fhirpath", ask("%resource")).body, `{"name":"Patient","resource":`+subject+`}`)
	for expression, want := range map[string]string{
		"5 'mg' is Quantity": `{"name":"boolean","valueBoolean":true}`, "1 + 1": `{"name":"integer","valueInteger":2}`, "%resource.id | name": ``,
	} {
		alone := `{"resourceType":"Parameters","parameter":[` + text("expression", expression) + `]}`
		require.Contains(t, c.must(http.StatusOK, "POST", "/$fhirpath", alone).body, want, "without a resource the context is empty")
	}
	flawed := strings.Replace(subject, `"Patient",`, `"Patient","text":{"status":"generated","div":"<div>a</div>"},`, 1)
	require.Contains(t, c.must(http.StatusOK, "POST", "/$fhirpath", `{"resourceType":"Parameters","parameter":[`+text("expression", "text.`div`.htmlChecks()")+`,{"name":"resource","resource":`+flawed+`}]}`).body,
		`"valueBoolean":false`)
	require.Equal(t, `{"resourceType":"Parameters"}`, c.must(http.StatusOK, "POST", "/$fhirpath", ask("use", text("context", "photo"))).body)
	require.Contains(t, c.must(http.StatusOK, "GET", "/metadata", "").body, `{"name":"fhirpath","definition":"http://fhirpath-lab.org/`)
	require.Equal(t, "POST", c.must(http.StatusMethodNotAllowed, "GET", "/$fhirpath", "").header.Get("Allow"))
}

func TestFHIRPathErrors(t *testing.T) {
	c := newClient(t, &rest.Options{MaxBodySize: 8 << 10})
	parameters := func(list ...string) string {
		return `{"resourceType":"Parameters","parameter":[` + strings.Join(list, ",") + `]}`
	}
	resource := `{"name":"resource","resource":` + subject + `}`
	for _, test := range []struct {
		name, body string
		status     int
		contains   []string
	}{
		{"syntax", ask("name.where("), 422, []string{`"code":"invalid"`, "1:"}},
		{"unknown element", ask("Patient.nmae"), 422, []string{`"code":"invalid"`, `"expression":["Parameters.parameter[0].value"]`, "1:9"}},
		{"several items", ask("Patient.name.family + 'x'"), 422, []string{`"code":"processing"`, `"expression":["Parameters.parameter[0].value"]`}},
		{"unknown variable", ask("%nobody"), 422, []string{`"code":"processing"`}},
		{"context", ask("family", text("context", "Patient.nmae")), 422, []string{`"expression":["Parameters.parameter[0].value"]`}},
		{"context of no elements", ask("family", text("context", "1 + 1")), 422, []string{`"code":"processing"`}},
		{"context of too many items", ask("id", text("context", "descendants().select(%resource.descendants()).select(%resource.name)")), 422, []string{`"code":"too-costly"`, "too many items"}},
		{"no function", ask("name.first().bend()"), 422, []string{`"code":"invalid"`}},
		{"result too long", ask("descendants().select(%resource)"), 422, []string{`"code":"too-costly"`}},
		{"trace too long", ask("descendants().select(%resource.trace('t')).count()"), 422, []string{`"code":"too-costly"`}},
		{"no Parameters", subject, 400, []string{`"/resourceType`}},
		{"malformed", `{"resourceType":"Parameters","parameter":[`, 400, nil},
		{"unknown member", parameters(`{"name":"expression","valueStrong":"x"}`), 400, []string{`"expression":["Parameters.parameter[0].valueStrong"]`}},
		{"nothing", "", 400, nil},
		{"no expression", parameters(resource), 400, []string{`"expression":["Parameters"]`}},
		{"expression of another type", parameters(`{"name":"expression","valueCode":"id"}`, resource), 400, []string{`"expression":["Parameters.parameter[0]"]`}},
		{"expression without a value", parameters(`{"name":"expression"}`, resource), 400, nil},
		{"two expressions", ask("id", text("expression", "id")), 400, nil},
		{"two resources", ask("id", resource), 400, []string{`"expression":["Parameters.parameter[2]"]`}},
		{"resource that is text", parameters(text("expression", "id"), text("resource", "{}")), 400, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.t = t
			a := c.must(test.status, "POST", "/$fhirpath", test.body)
			for _, want := range test.contains {
				require.Contains(t, a.body, want)
			}
			require.NotContains(t, a.body, "Stone", "an outcome quotes no data")
		})
	}
	c.t = t
	c.must(http.StatusUnsupportedMediaType, "POST", "/$fhirpath", ask("id"), "Content-Type: text/plain")
	c.must(http.StatusNotImplemented, "POST", "/$other", ask("id"))
}
