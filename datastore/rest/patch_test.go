package rest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

const isPatch = "Content-Type: application/json-patch+json"

func TestPatch(t *testing.T) {
	c := newClient(t, nil)
	const path = "/Patient/bob"
	rename := `[{"op":"test","path":"/name/0/family","value":"Bob"},{"op":"replace","path":"/name/0/family","value":"Rob"}]`
	c.must(http.StatusNotFound, "PATCH", path, rename, isPatch)
	c.must(http.StatusCreated, "PUT", path, bob)

	a := c.must(http.StatusOK, "PATCH", path, rename, isPatch)
	require.Equal(t, `W/"2"`, a.header.Get("ETag"))
	require.Equal(t, c.base+path+"/_history/2", a.header.Get("Location"))
	require.Equal(t, "Mon, 06 May 2024 07:08:10 GMT", a.header.Get("Last-Modified"))
	require.Equal(t, a.body, c.must(http.StatusOK, "GET", path, "").body)
	require.Contains(t, a.body, `"family":"Rob"`)
	c.must(http.StatusUnprocessableEntity, "PATCH", path, rename, isPatch)

	born := `[{"op":"add","path":"/birthDate","value":"1980"}]`
	c.must(http.StatusPreconditionFailed, "PATCH", path, born, isPatch, `If-Match: W/"1"`)
	a = c.must(http.StatusOK, "PATCH", path, born, isPatch+"; charset=utf-8", `If-Match: W/"2"`, "Prefer: return=minimal")
	require.Empty(t, a.body)
	require.Equal(t, `W/"3"`, a.header.Get("ETag"))
	require.Equal(t, 1, *c.must(http.StatusOK, "GET", "/Patient?birthdate=1980", "").bundle(t).Total)
	a = c.must(http.StatusOK, "PATCH", path, `[]`, isPatch, "Prefer: return=OperationOutcome")
	require.Contains(t, a.body, `"resourceType":"OperationOutcome"`)

	c.must(http.StatusNoContent, "DELETE", path, "")
	c.must(http.StatusGone, "PATCH", path, born, isPatch)
}

func TestPatchThatIsRefused(t *testing.T) {
	c := newClient(t, nil)
	c.must(http.StatusCreated, "PUT", "/Patient/bob", bob)
	for name, test := range map[string]struct {
		patch    string
		headers  []string
		status   int
		contains string
	}{
		"any JSON":            {`[]`, []string{"Content-Type: application/json"}, 415, "application/json-patch+json"},
		"any XML":             {`<x/>`, []string{"Content-Type: application/xml"}, 415, "application/json-patch+json"},
		"merge patch":         {`{}`, []string{"Content-Type: application/merge-patch+json"}, 415, "application/json-patch+json"},
		"no type":             {`[]`, []string{"Content-Type: "}, 415, "application/json-patch+json"},
		"malformed JSON":      {`[{"op":`, nil, 400, `"code":"structure"`},
		"malformed operation": {`[{"op":"add","path":"/active"}]`, nil, 400, `"code":"required"`},
		"unknown operation":   {`[{"op":"bend","path":"/active"}]`, nil, 400, `"code":"value"`},
		"missing place":       {`[{"op":"remove","path":"/gender"}]`, nil, 422, `"code":"not-found"`},
		"test that fails":     {`[{"op":"test","path":"/id","value":"secret"}]`, nil, 422, `"code":"conflict"`},
		"another id":          {`[{"op":"replace","path":"/id","value":"rob"}]`, nil, 422, `"code":"business-rule"`},
		"invalid result":      {`[{"op":"add","path":"/gender","value":"secret"}]`, nil, 400, `"expression":["Patient.gender"]`},
		"malformed If-Match":  {`[]`, []string{"If-Match: 1"}, 400, "If-Match"},
		"If-None-Match":       {`[]`, []string{"If-None-Match: *"}, 400, "If-None-Match"},
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			a := c.must(test.status, "PATCH", "/Patient/bob", test.patch, append([]string{isPatch}, test.headers...)...)
			require.Contains(t, a.body, test.contains)
			require.NotContains(t, a.body, "secret", "an outcome quotes no data")
			require.Equal(t, "application/json-patch+json, application/fhir+json, application/fhir+xml", a.header.Get("Accept-Patch"))
		})
	}
	c.t = t
	require.Equal(t, `W/"1"`, c.must(http.StatusOK, "GET", "/Patient/bob", "").header.Get("ETag"))
}

func TestFHIRPathPatch(t *testing.T) {
	c := newClient(t, nil)
	c.must(http.StatusCreated, "PUT", "/Patient/bob", bob)
	const json, xml = "Content-Type: application/fhir+json", "Content-Type: application/fhir+xml"
	operation := func(kind, path, parts string) string {
		return `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"` + kind + `"},{"name":"path","valueString":"` + path + `"}` + parts + `]}]}`
	}
	a := c.must(http.StatusOK, "PATCH", "/Patient/bob", operation("replace", "Patient.name.family", `,{"name":"value","valueString":"Rob"}`), json)
	require.Contains(t, a.body, `"family":"Rob"`)
	require.Equal(t, `W/"2"`, a.header.Get("ETag"))
	a = c.must(http.StatusOK, "PATCH", "/Patient/bob", `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/><part><name value="type"/><valueCode value="add"/></part><part><name value="path"/><valueString value="Patient"/></part><part><name value="name"/><valueString value="birthDate"/></part><part><name value="value"/><valueDate value="1980"/></part></parameter></Parameters>`, xml)
	require.Contains(t, a.xml, `<birthDate value="1980"/>`)
	for name, test := range map[string]struct {
		patch    string
		status   int
		contains string
	}{
		"another resource":       {bob, 400, `"code":"structure"`},
		"malformed Parameters":   {`{"resourceType":"Parameters","parameter":[{}]}`, 400, `"expression":["Parameters`},
		"malformed path":         {operation("delete", "Patient.", ""), 400, `"code":"invalid"`},
		"nothing there":          {operation("replace", "Patient.gender", `,{"name":"value","valueCode":"secret"}`), 422, `"code":"not-found"`},
		"more than one":          {operation("delete", "Patient.name | Patient.meta", ""), 422, `"code":"multiple-matches"`},
		"an element that exists": {operation("add", "Patient", `,{"name":"name","valueString":"birthDate"},{"name":"value","valueDate":"1981"}`), 422, `"code":"conflict"`},
		"another id":             {operation("replace", "Patient.id", `,{"name":"value","valueId":"rob"}`), 422, `"code":"business-rule"`},
		"invalid result":         {operation("add", "Patient", `,{"name":"name","valueString":"gender"},{"name":"value","valueCode":"secret"}`), 400, `"expression":["Patient.gender"]`},
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			a := c.must(test.status, "PATCH", "/Patient/bob", test.patch, json)
			require.Contains(t, a.body, test.contains)
			require.NotContains(t, a.body, "secret", "an outcome quotes no data")
		})
	}
	c.t = t
	require.Equal(t, `W/"3"`, c.must(http.StatusOK, "GET", "/Patient/bob", "").header.Get("ETag"))
}
