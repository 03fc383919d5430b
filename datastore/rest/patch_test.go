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
		"FHIRPath Patch":      {`{"resourceType":"Parameters"}`, []string{"Content-Type: application/fhir+json"}, 415, "application/json-patch+json"},
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
			require.Equal(t, "application/json-patch+json", a.header.Get("Accept-Patch"))
		})
	}
	c.t = t
	require.Equal(t, `W/"1"`, c.must(http.StatusOK, "GET", "/Patient/bob", "").header.Get("ETag"))
}
