package rest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidate(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/bob", bob)
	c.must(201, "PUT", "/StructureDefinition/p", `{"resourceType":"StructureDefinition","id":"p","url":"http://example.org/p","name":"P","status":"draft","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[{"id":"Patient","path":"Patient"}]}}`)
	faulty := `{"resourceType":"Patient","gender":"martian","birthDate":"2020-99"}`
	within := func(resource string, more ...string) string {
		return `{"resourceType":"Parameters","parameter":[` + strings.Join(append(more, `{"name":"resource","resource":`+resource+`}`), ",") + `]}`
	}
	mode := func(code string) string { return `{"name":"mode","valueCode":"` + code + `"}` }
	const well, ill = `"severity":"information"`, `"severity":"error"`
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"resource", "POST", "/Patient/$validate", ann, 200, well},
		{"resource in Parameters", "POST", "/Patient/$validate", within(ann), 200, well},
		{"faults", "POST", "/Patient/$validate", faulty, 200, `"expression":["Patient.gender"]`},
		{"faults in Parameters", "POST", "/Patient/$validate", within(faulty), 200, `"expression":["Patient.birthDate"]`},
		{"unknown type", "POST", "/Patient/$validate", `{"resourceType":"Nonsense"}`, 200, ill},
		{"unknown type in Parameters", "POST", "/Patient/$validate", within(`{"resourceType":"Nonsense"}`), 200, ill},
		{"another type", "POST", "/Observation/$validate", ann, 200, `"expression":["Patient.resourceType"]`},
		{"create", "POST", "/Patient/$validate?mode=create", ann, 200, well},
		{"create in Parameters", "POST", "/Patient/$validate", within(ann, mode("create")), 200, well},
		{"update of a type", "POST", "/Patient/$validate?mode=update", ann, 400, "mode"},
		{"create of an instance", "POST", "/Patient/bob/$validate?mode=create", bob, 400, "mode"},
		{"unknown mode", "POST", "/Patient/$validate?mode=nonsense", ann, 400, "mode"},
		{"mode profile without one", "POST", "/Patient/$validate?mode=profile", ann, 400, "profile"},
		{"update", "POST", "/Patient/bob/$validate?mode=update", bob, 200, well},
		{"update of another", "POST", "/Patient/rob/$validate?mode=update", bob, 200, `"expression":["Patient.id"]`},
		{"delete", "POST", "/Patient/bob/$validate?mode=delete", "", 200, well},
		{"delete by GET", "GET", "/Patient/bob/$validate?mode=delete", "", 200, well},
		{"delete of nothing", "GET", "/Patient/rob/$validate?mode=delete", "", 404, ""},
		{"as it is stored", "GET", "/Patient/bob/$validate", "", 200, well},
		{"nothing", "POST", "/Patient/$validate", "", 400, "required"},
		{"nothing to update", "POST", "/Patient/bob/$validate?mode=update", "", 400, "required"},
		{"base profile", "POST", "/Patient/$validate?profile=http://hl7.org/fhir/StructureDefinition/Patient", ann, 200, well},
		{"profile that is not there", "POST", "/Patient/$validate?profile=http://example.org/q", ann, 404, "not-found"},
		{"profile", "POST", "/Patient/$validate?profile=http://example.org/p", ann, 501, "not-supported"},
		{"malformed", "POST", "/Patient/$validate", `{"resourceType":"Patient",`, 400, ""},
		{"system", "POST", "/$validate", ann, 404, "not-supported"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.t = t
			a := c.must(test.status, test.method, test.path, test.body)
			require.Contains(t, a.body, `"resourceType":"OperationOutcome"`)
			require.Contains(t, a.body, test.want)
			if test.want == well {
				require.NotContains(t, a.body, ill)
			}
		})
	}
	c.t = t
	a := c.must(200, "POST", "/Patient/$validate", faulty, "x-amzn-healthlake-fhir-validation-level: structure-only")
	require.NotContains(t, a.body, "gender", "checked at the level that is asked for")
	require.EqualValues(t, 1, *c.must(200, "GET", "/Patient?_summary=count", "").bundle(t).Total, "nothing is stored")
}

func TestMeta(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a","meta":{"profile":["http://example.org/p"],"security":[{"system":"s","code":"R"}],"tag":[{"system":"t","code":"1","display":"One"}]}}`)
	c.must(201, "PUT", "/Patient/b", `{"resourceType":"Patient","id":"b","meta":{"tag":[{"system":"t","code":"1"},{"system":"t","code":"2"}]}}`)
	c.must(201, "PUT", "/Practitioner/c", `{"resourceType":"Practitioner","id":"c","meta":{"profile":["http://example.org/q"]}}`)
	c.must(201, "PUT", "/Practitioner/d", `{"resourceType":"Practitioner","id":"d"}`)
	meta := func(path string) string {
		body := c.must(200, "GET", path, "").body
		body, ok := strings.CutPrefix(body, `{"resourceType":"Parameters","parameter":[{"name":"return","valueMeta":`)
		require.True(t, ok, body)
		return strings.TrimSuffix(body, `}]}`)
	}
	require.Equal(t, `{"profile":["http://example.org/p","http://example.org/q"],"security":[{"system":"s","code":"R"}],"tag":[{"system":"t","code":"1","display":"One"},{"system":"t","code":"2"}]}`, meta("/$meta"))
	require.Equal(t, `{"profile":["http://example.org/q"]}`, meta("/Practitioner/$meta"))
	require.Equal(t, `{"resourceType":"Parameters"}`, c.must(200, "GET", "/Observation/$meta", "").body)
	require.Contains(t, meta("/Patient/b/$meta"), `"versionId":"1"`)
	c.must(404, "GET", "/Patient/nobody/$meta", "")

	change := func(status int, op, meta string) string {
		return c.must(status, "POST", "/Patient/b/$"+op, `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":`+meta+`}]}`).body
	}
	require.Contains(t, change(200, "meta-add", `{"profile":["http://hl7.org/fhir/StructureDefinition/Patient"],"tag":[{"system":"t","code":"1","display":"Another"},{"system":"t","code":"3"}],"security":[{"code":"V"}]}`),
		`"versionId":"2"`)
	require.Contains(t, c.must(200, "GET", "/Patient/b", "").body, `"profile":["http://hl7.org/fhir/StructureDefinition/Patient"],"security":[{"code":"V"}],"tag":[{"system":"t","code":"1"},{"system":"t","code":"2"},{"system":"t","code":"3"}]`)
	require.Contains(t, change(200, "meta-add", `{"tag":[{"system":"t","code":"1"}]}`), `"versionId":"2"`, "nothing to add writes nothing")
	require.Contains(t, change(200, "meta-delete", `{"tag":[{"system":"t","code":"1","version":"7"},{"system":"x","code":"2"}],"security":[{"code":"V"}]}`), `"versionId":"3"`)
	require.Contains(t, c.must(200, "GET", "/Patient/b", "").body, `"profile":["http://hl7.org/fhir/StructureDefinition/Patient"],"tag":[{"system":"t","code":"2"},{"system":"t","code":"3"}]`)
	require.Contains(t, change(200, "meta-delete", `{"tag":[{"system":"t","code":"9"}]}`), `"versionId":"3"`)
	require.Contains(t, change(200, "meta-delete", `{"profile":["http://hl7.org/fhir/StructureDefinition/Patient"],"tag":[{"system":"t","code":"2"},{"system":"t","code":"3"}]}`), `"versionId":"4"`)
	require.NotContains(t, c.must(200, "GET", "/Patient/b", "").body, `tag`)
	require.Contains(t, meta("/Patient/b/_history/1/$meta"), `"versionId":"1"`)
	c.must(404, "GET", "/Patient/b/_history/9/$meta", "")
	c.must(405, "GET", "/Patient/b/$meta-add", "")
	c.must(400, "POST", "/Patient/b/$meta-add", "")
	c.must(404, "POST", "/Patient/nobody/$meta-add", `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}]}`)
	c.must(404, "POST", "/Patient/b/_history/1/$meta-add", `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}]}`)
}
