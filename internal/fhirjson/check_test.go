package fhirjson_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/issue"
)

// unsound has sources that are sound in structure and break another rule. A ^ marks
// the offset that is expected.
var unsound = []struct {
	name    string
	src     string
	pointer string
	code    issue.Code
	reason  string
}{
	// References.
	{"target", `{"resourceType":"Patient","managingOrganization":{"reference":^"Patient/a"}}`, "/managingOrganization/reference", issue.Value, "does not allow"},
	{"target of a version", `{"resourceType":"Patient","managingOrganization":{"reference":^"Patient/a/_history/1"}}`, "/managingOrganization/reference", issue.Value, "does not allow"},
	{"target, absolute", `{"resourceType":"Patient","managingOrganization":{"reference":^"https://example.org/fhir/Patient/a"}}`, "/managingOrganization/reference", issue.Value, "does not allow"},
	{"target, conditional", `{"resourceType":"Patient","managingOrganization":{"reference":^"Patient?identifier=a"}}`, "/managingOrganization/reference", issue.Value, "does not allow"},
	{"target, escaped", `{"resourceType":"Patient","managingOrganization":{"reference":^"Patient\/a"}}`, "/managingOrganization/reference", issue.Value, "does not allow"},
	{"target, contained", `{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a"}],"managingOrganization":{"reference":^"#a"}}`, "/managingOrganization/reference", issue.Value, "does not allow"},
	{"target is the container", `{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a","managingOrganization":{"reference":^"#"}}]}`, "/contained/0/managingOrganization/reference", issue.Value, "does not allow"},
	{"target, in the bundle", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":"Patient"}},` +
		`{"resource":{"resourceType":"Patient","managingOrganization":{"reference":^"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}}}]}`, "/entry/1/resource/managingOrganization/reference", issue.Value, "does not allow"},
	{"type of the reference", `{"resourceType":"Patient","managingOrganization":{"type":^"Patient","display":"a"}}`, "/managingOrganization/type", issue.Value, "does not allow"},
	{"type is none", `{"resourceType":"Patient","managingOrganization":{"type":^"HumanName","display":"a"}}`, "/managingOrganization/type", issue.Value, "no resource type"},
	{"type differs", `{"resourceType":"Observation","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/a","type":^"Group"}}`, "/subject/type", issue.Value, "not that of what it refers to"},
	{"no such contained", `{"resourceType":"Patient","managingOrganization":{"reference":^"#a"}}`, "/managingOrganization/reference", issue.Value, "ref-1"},
	{"not of type and id", `{"resourceType":"Patient","managingOrganization":{"reference":^"a"}}`, "/managingOrganization/reference", issue.Value, "relative reference"},
	{"unknown type", `{"resourceType":"Patient","managingOrganization":{"reference":^"Organisation/a"}}`, "/managingOrganization/reference", issue.Value, "relative reference"},
	{"bad id", `{"resourceType":"Patient","managingOrganization":{"reference":^"Organization/a_b"}}`, "/managingOrganization/reference", issue.Value, "relative reference"},
	{"bad version", `{"resourceType":"Patient","managingOrganization":{"reference":^"Organization/a/_history/"}}`, "/managingOrganization/reference", issue.Value, "relative reference"},
	{"slash before", `{"resourceType":"Patient","managingOrganization":{"reference":^"/Organization/a"}}`, "/managingOrganization/reference", issue.Value, "relative reference"},
	{"path before", `{"resourceType":"Patient","managingOrganization":{"reference":^"fhir/Organization/a"}}`, "/managingOrganization/reference", issue.Value, "relative reference"},
	{"conditional on no type", `{"resourceType":"Patient","managingOrganization":{"reference":^"?identifier=a"}}`, "/managingOrganization/reference", issue.Value, "does not start"},
	{"nothing in it", `{"resourceType":"Patient","managingOrganization":^{"type":"Organization"}}`, "/managingOrganization", issue.Required, "neither reference, identifier nor display"},
	{"canonical, contained", `{"resourceType":"Questionnaire","status":"draft","contained":[{"resourceType":"Basic","id":"a","code":{"text":"a"}}],"item":[{"linkId":"1","type":"choice","answerValueSet":^"#a"}]}`, "/item/0/answerValueSet", issue.Value, "does not allow"},

	// Contained resources.
	{"dom-2", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","contained":[^{"resourceType":"Organization","id":"b"}]}],"managingOrganization":{"reference":"#a"}}`, "/contained/0/contained/0", issue.Invariant, "dom-2"},
	{"dom-3", `{"resourceType":"Patient","contained":[^{"resourceType":"Organization","id":"a"}]}`, "/contained/0", issue.Invariant, "dom-3"},
	{"dom-3, another id", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a"},^{"resourceType":"Organization","id":"b"}],"managingOrganization":{"reference":"#a"}}`, "/contained/1", issue.Invariant, "dom-3"},
	{"dom-3, no id", `{"resourceType":"Patient","contained":[^{"resourceType":"Organization","name":"a"}]}`, "/contained/0", issue.Invariant, "dom-3"},
	{"dom-3, in a bundle", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","contained":[^{"resourceType":"Organization","id":"a"}]}},` +
		`{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a"}],"managingOrganization":{"reference":"#a"}}}]}`, "/entry/0/resource/contained/0", issue.Invariant, "dom-3"},
	{"dom-4", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","meta":{"versionId":^"1"}}],"managingOrganization":{"reference":"#a"}}`, "/contained/0/meta/versionId", issue.Invariant, "dom-4"},
	{"dom-4, time", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","meta":{"lastUpdated":^"2020-01-01T00:00:00Z"}}],"managingOrganization":{"reference":"#a"}}`, "/contained/0/meta/lastUpdated", issue.Invariant, "dom-4"},
	{"dom-5", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","meta":{"security":[^{"code":"R"}]}}],"managingOrganization":{"reference":"#a"}}`, "/contained/0/meta/security/0", issue.Invariant, "dom-5"},
	{"contained id twice", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a"},^{"resourceType":"Organization","id":"a"}],"managingOrganization":{"reference":"#a"}}`, "/contained/1", issue.Duplicate, "same id"},

	// Extensions.
	{"ext-1, both", `{"resourceType":"Patient","extension":[^{"url":"urn:a","valueString":"a","extension":[{"url":"b","valueString":"b"}]}]}`, "/extension/0", issue.Invariant, "both"},
	{"ext-1, both by a twin", `{"resourceType":"Patient","extension":[^{"url":"urn:a","_valueString":{"id":"a"},"extension":[{"url":"b","valueString":"b"}]}]}`, "/extension/0", issue.Invariant, "both"},
	{"ext-1, neither", `{"resourceType":"Patient","extension":[^{"url":"urn:a"}]}`, "/extension/0", issue.Invariant, "neither"},
	{"ext-1 in a twin", `{"resourceType":"Patient","_active":{"extension":[^{"url":"urn:a","id":"a"}]}}`, "/_active/extension/0", issue.Invariant, "neither"},

	// Bindings of concepts.
	{"concept outside its value set", `{"resourceType":"Condition","subject":{"reference":"Patient/a"},"clinicalStatus":^{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"x"}]}}`, "/clinicalStatus", issue.CodeInvalid, "no coding"},
	{"concept of another system", `{"resourceType":"Condition","subject":{"reference":"Patient/a"},"clinicalStatus":^{"coding":[{"system":"urn:\/","code":"active"}]}}`, "/clinicalStatus", issue.CodeInvalid, "no coding"},
	{"concept without code", `{"resourceType":"Condition","subject":{"reference":"Patient/a"},"clinicalStatus":^{"text":"active"}}`, "/clinicalStatus", issue.CodeInvalid, "no coding"},

	// Ids of elements.
	{"element id twice", `{"resourceType":"Patient","name":[{"id":"a","text":"a"},{"id":^"a","text":"b"}]}`, "/name/1/id", issue.Invariant, "the same id"},
	{"element id twice, escaped", `{"resourceType":"Patient","name":[{"id":"a","text":"a"}],"photo":[{"id":^"\u0061","title":"b"}]}`, "/photo/0/id", issue.Invariant, "the same id"},
	{"element id twice, of a primitive", `{"resourceType":"Patient","name":[{"id":^"a","text":"a"}],"_active":{"id":"a"}}`, "/name/0/id", issue.Invariant, "the same id"},
	{"element id twice, of an extension", `{"resourceType":"Patient","extension":[{"id":"a","url":"urn:a","valueString":"a"},{"url":"urn:b","valueMoney":{"id":^"a","value":1}}]}`, "/extension/1/valueMoney/id", issue.Invariant, "the same id"},
	{"element id twice, around a contained resource", `{"resourceType":"Patient","meta":{"id":"a","source":"urn:a"},"contained":[{"resourceType":"Organization","id":"a","name":"a","_name":{"id":"a"}}],"managingOrganization":{"id":^"a","reference":"#a"}}`, "/managingOrganization/id", issue.Invariant, "the same id"},
	{"element id twice, in a contained resource", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","_name":{"id":^"x"},"_active":{"id":"x"}}],"managingOrganization":{"reference":"#a"}}`, "/contained/0/_name/id", issue.Invariant, "the same id"},
	{"element id twice, in an entry", `{"resourceType":"Bundle","type":"collection","entry":[{"id":"a","resource":{"resourceType":"Patient","name":[{"id":"a","text":"a"},{"id":^"a","text":"a"}]}}]}`, "/entry/0/resource/name/1/id", issue.Invariant, "the same id"},
	{"element id twice, in a snapshot", `{"resourceType":"StructureDefinition","url":"urn:a","name":"a","status":"draft","kind":"resource","abstract":false,"type":"a","snapshot":{"element":[{"id":"a","path":"a"},{"id":^"a","path":"b"}]}}`, "/snapshot/element/1/id", issue.Invariant, "the same id"},

	// SimpleQuantity.
	{"sqty-1", `{"resourceType":"Immunization","status":"completed","vaccineCode":{"text":"a"},"patient":{"reference":"Patient/a"},"occurrenceString":"a","doseQuantity":{"value":1,"comparator":^"<"}}`, "/doseQuantity/comparator", issue.Invariant, "sqty-1"},
	{"sqty-1, of a Range", `{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueRange":{"high":{"value":1,"comparator":^"<"}}}`, "/valueRange/high/comparator", issue.Invariant, "sqty-1"},
	{"sqty-1, of a choice", `{"resourceType":"MedicationAdministration","status":"completed","medicationReference":{"reference":"Medication/a"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2020","dosage":{"rateQuantity":{"value":1,"_comparator":^{"id":"x"}}}}`, "/dosage/rateQuantity/_comparator", issue.Invariant, "sqty-1"},
	{"sqty-1, in a reference range", `{"resourceType":"Observation","status":"final","code":{"text":"a"},"referenceRange":[{"low":{"value":1,"comparator":^">"}}]}`, "/referenceRange/0/low/comparator", issue.Invariant, "sqty-1"},

	// Bundles.
	{"bdl-7", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:a"},{"fullUrl":"urn:b"},{"fullUrl":^"urn:a"}]}`, "/entry/2/fullUrl", issue.Invariant, "bdl-7"},
	{"bdl-8", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":^"http://example.org/Patient/a/_history/1"}]}`, "/entry/0/fullUrl", issue.Invariant, "bdl-8"},
	{"fullUrl of another id", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":^"http://example.org/Patient/a","resource":{"resourceType":"Patient","id":"b"}}]}`, "/entry/0/fullUrl", issue.Value, "disagrees"},
	{"fullUrl of another type", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":^"http://example.org/Patient/a","resource":{"resourceType":"Group","type":"person","actual":true}}]}`, "/entry/0/fullUrl", issue.Value, "disagrees"},
}

func TestUnsound(t *testing.T) {
	for _, test := range unsound {
		t.Run(test.name, func(t *testing.T) {
			offset := strings.IndexByte(test.src, '^')
			src := []byte(test.src[:offset] + test.src[offset+1:])
			want := func(got []issue.Issue) {
				require.Len(t, got, 1, "%v", got)
				require.Equal(t, test.pointer, got[0].Pointer)
				require.Equal(t, int64(offset), got[0].Offset)
				require.Equal(t, test.code, got[0].Code)
				require.Equal(t, issue.Error, got[0].Severity)
				require.Contains(t, got[0].Diagnostics, test.reason)
			}
			var doc fhirjson.Document
			var e *fhirjson.Error
			require.ErrorAs(t, fhirjson.Parse(src, &doc, nil), &e)
			want(e.Issues)
			require.NoError(t, fhirjson.Parse(src, &doc, &fhirjson.Options{Level: fhirjson.Minimal}))
			want(doc.Issues)
			require.NoError(t, fhirjson.Parse(src, &doc, &fhirjson.Options{Level: fhirjson.StructureOnly}))
			require.Empty(t, doc.Issues)
		})
	}
}

// TestSound has what looks like a fault of TestUnsound and is none.
func TestSound(t *testing.T) {
	for name, src := range map[string]string{
		"target not known":                             `{"resourceType":"Patient","managingOrganization":{"reference":"https://example.org/a?b=Patient/a"}}`,
		"urn":                                          `{"resourceType":"Patient","managingOrganization":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}}`,
		"any target":                                   `{"resourceType":"Basic","code":{"text":"a"},"extension":[{"url":"urn:a","valueReference":{"reference":"Patient/a","type":"Patient"}}]}`,
		"identifier alone":                             `{"resourceType":"Patient","managingOrganization":{"identifier":{"value":"a"}}}`,
		"extension alone":                              `{"resourceType":"Patient","managingOrganization":{"extension":[{"url":"urn:a","valueString":"a"}]}}`,
		"reference without value":                      `{"resourceType":"Patient","managingOrganization":{"_reference":{"extension":[{"url":"urn:a","valueString":"a"}]}}}`,
		"contained, used by a uri":                     `{"resourceType":"Basic","code":{"text":"a"},"contained":[{"resourceType":"Binary","id":"a","contentType":"a/b"}],"extension":[{"url":"urn:a","valueUri":"#a"}]}`,
		"contained, used by another":                   `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a"},{"resourceType":"Organization","id":"b","partOf":{"reference":"#a"}}],"managingOrganization":{"reference":"#b"}}`,
		"contained, uses itself":                       `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","partOf":{"reference":"#a"}}]}`,
		"contained, refers to the container":           `{"resourceType":"Patient","contained":[{"resourceType":"Provenance","id":"a","target":[{"reference":"#"}],"recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"display":"a"}}]}]}`,
		"extension without value":                      `{"resourceType":"Patient","extension":[{"url":"urn:a","_valueString":{"extension":[{"url":"urn:b","valueString":"b"}]}}]}`,
		"one coding of several":                        `{"resourceType":"Condition","subject":{"reference":"Patient/a"},"clinicalStatus":{"coding":[{"code":"x"},{"system":"http:\/\/terminology.hl7.org/CodeSystem/condition-clinical","code":"act\u0069ve"}]}}`,
		"element ids apart":                            `{"resourceType":"Patient","id":"a","name":[{"id":"a","text":"a"},{"id":"b","text":"a"}],"contained":[{"resourceType":"Organization","id":"a","_name":{"id":"a"}},{"resourceType":"Organization","id":"b","_name":{"id":"a"}}],"managingOrganization":{"reference":"#a"},"generalPractitioner":[{"reference":"#b"}]}`,
		"element ids apart in entries":                 `{"resourceType":"Bundle","type":"collection","entry":[{"id":"a","resource":{"resourceType":"Patient","name":[{"id":"a","text":"a"}]}},{"resource":{"resourceType":"Patient","name":[{"id":"a","text":"a"}]}}]}`,
		"element ids of a snapshot and a differential": `{"resourceType":"StructureDefinition","url":"urn:a","name":"a","status":"draft","kind":"resource","abstract":false,"type":"a","snapshot":{"element":[{"id":"a","path":"a"}]},"differential":{"element":[{"id":"a","path":"a"}]}}`,
		"comparator of a Quantity":                     `{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":1,"comparator":"<"}}`,
		"open value set":                               `{"resourceType":"Binary","contentType":"a/b"}`,
		"history":                                      `{"resourceType":"Bundle","type":"history","entry":[{"fullUrl":"urn:a"},{"fullUrl":"urn:a"}]}`,
		"fullUrl of two versions":                      `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:a","resource":{"resourceType":"Patient","meta":{"versionId":"1"}}},{"fullUrl":"urn:a","resource":{"resourceType":"Patient","meta":{"versionId":"2"}}}]}`,
		"fullUrl without id":                           `{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"http://example.org/Patient/a","resource":{"resourceType":"Patient"}}]}`,
		"bundle in a bundle":                           `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:a","resource":{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:a","resource":{"resourceType":"Patient"}}]}},{"resource":{"resourceType":"Patient","generalPractitioner":[{"reference":"urn:b"}]}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			doc := parse(t, src)
			require.Empty(t, doc.Issues)
			requireFixedPoint(t, []byte(src))
		})
	}
}

func TestWarnings(t *testing.T) {
	src := []byte(`{"resourceType":"Patient","modifierExtension":[{"url":"urn:a","valueString":"a"},{"url":"urn:b","valueString":"b"}]}`)
	doc := parse(t, string(src))
	require.Len(t, doc.Issues, 2)
	require.Equal(t, issue.Issue{
		Severity: issue.Warning, Code: issue.Extension, Root: "Patient", Pointer: "/modifierExtension/0", Offset: 47,
		Diagnostics: "modifier extension is not known here",
	}, doc.Issues[0])

	known := &fhirjson.Options{KnownModifier: func(url string) bool { return url == "urn:a" }}
	require.NoError(t, fhirjson.Parse(src, doc, known))
	require.Len(t, doc.Issues, 1)
	require.Equal(t, "/modifierExtension/1", doc.Issues[0].Pointer)

	doc = parse(t, `{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"choice","answerValueSet":"#a"}]}`)
	require.Len(t, doc.Issues, 1)
	require.Equal(t, issue.NotFound, doc.Issues[0].Code)

	// Warnings do not crowd out errors.
	many := `{"resourceType":"Patient","modifierExtension":[` + strings.Repeat(`{"url":"urn:a","valueString":"a"},`, 30) + `{"url":"urn:a"}]}`
	var e *fhirjson.Error
	require.ErrorAs(t, fhirjson.Parse([]byte(many), doc, nil), &e)
	require.Len(t, e.Issues, 21)
	require.Equal(t, issue.Error, e.Issues[20].Severity)
	require.Equal(t, "/modifierExtension/30", e.Issues[20].Pointer)
}
