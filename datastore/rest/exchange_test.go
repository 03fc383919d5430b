package rest_test

import (
	"net/http"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/stretchr/testify/require"
)

const (
	ann = `{"resourceType":"Patient","name":[{"family":"Ann"}]}`
	bob = `{"resourceType":"Patient","id":"bob","name":[{"family":"Bob"}]}`
)

// TestInteractions tells one story over one store: each step builds on those
// before it.
func TestInteractions(t *testing.T) {
	c := newClient(t, nil)
	const lastModified = "Mon, 06 May 2024 07:08:09 GMT"
	steps := []struct {
		name         string
		method, path string
		body         string
		headers      []string
		status       int
		want         map[string]string // headers; "" is absent, BASE stands for the base
		contains     string
		empty        bool
	}{
		{name: "create", method: "POST", path: "/Patient", body: ann, status: 201,
			want:     map[string]string{"ETag": `W/"1"`, "Location": "BASE/Patient/n1/_history/1", "Last-Modified": lastModified},
			contains: `"id":"n1"`},
		{name: "read", method: "GET", path: "/Patient/n1", status: 200,
			want: map[string]string{
				"ETag": `W/"1"`, "Last-Modified": lastModified, "Content-Type": "application/fhir+json; charset=utf-8",
				"Cache-Control": "private, no-cache",
			},
			contains: `"family":"Ann"`},
		{name: "read as plain JSON", method: "GET", path: "/Patient/n1", headers: []string{"Accept: application/json"}, status: 200,
			want: map[string]string{"Content-Type": "application/json; charset=utf-8"}},
		{name: "read for people", method: "GET", path: "/Patient/n1?_format=json&_pretty=true", status: 200, contains: "{\n  \"resourceType\": \"Patient\""},
		{name: "head", method: "HEAD", path: "/Patient/n1", status: 200, want: map[string]string{"ETag": `W/"1"`}, empty: true},
		{name: "head of nothing", method: "HEAD", path: "/Patient/nobody", status: 404, empty: true},
		{name: "read what the client has", method: "GET", path: "/Patient/n1", headers: []string{`If-None-Match: W/"7", W/"1"`}, status: 304,
			want: map[string]string{"ETag": `W/"1"`, "Content-Type": ""}, empty: true},
		{name: "read what the client has in another version", method: "GET", path: "/Patient/n1", headers: []string{`If-None-Match: W/"2"`}, status: 200},
		{name: "read what has not changed since", method: "GET", path: "/Patient/n1", headers: []string{"If-Modified-Since: " + lastModified}, status: 304, empty: true},
		{name: "read what has changed since", method: "GET", path: "/Patient/n1",
			headers: []string{"If-Modified-Since: Mon, 06 May 2024 07:08:08 GMT"}, status: 200},
		{name: "If-None-Match comes before If-Modified-Since", method: "GET", path: "/Patient/n1",
			headers: []string{`If-None-Match: W/"2"`, "If-Modified-Since: " + lastModified}, status: 200},
		{name: "vread", method: "GET", path: "/Patient/n1/_history/1", status: 200, want: map[string]string{"ETag": `W/"1"`}},
		{name: "vread of no version", method: "GET", path: "/Patient/n1/_history/2", status: 404},
		{name: "vread of a strange version", method: "GET", path: "/Patient/n1/_history/one", status: 404},

		{name: "create for a minimal answer", method: "POST", path: "/Patient", body: ann, headers: []string{"Prefer: return=minimal"}, status: 201,
			want: map[string]string{"ETag": `W/"1"`, "Location": "BASE/Patient/n2/_history/1", "Content-Type": ""}, empty: true},
		{name: "create for an outcome", method: "POST", path: "/Patient", body: ann, headers: []string{"Prefer: respond-async; return=OperationOutcome"}, status: 201,
			contains: `"resourceType":"OperationOutcome"`},
		{name: "create for the resource", method: "POST", path: "/Patient/", body: ann, headers: []string{"Prefer: return=representation"}, status: 201,
			contains: `"family":"Ann"`},

		{name: "update as create", method: "PUT", path: "/Patient/bob", body: bob, status: 201,
			want: map[string]string{"ETag": `W/"1"`, "Location": "BASE/Patient/bob/_history/1"}},
		{name: "update", method: "PUT", path: "/Patient/bob", body: bob, headers: []string{`If-Match: W/"1"`}, status: 200,
			want: map[string]string{"ETag": `W/"2"`, "Location": "BASE/Patient/bob/_history/2"}, contains: `"versionId":"2"`},
		{name: "update of an older version", method: "PUT", path: "/Patient/bob", body: bob, headers: []string{`If-Match: W/"1"`}, status: 412},
		{name: "update of a strange version", method: "PUT", path: "/Patient/bob", body: bob, headers: []string{`If-Match: W/"x"`}, status: 412},
		{name: "update with a malformed If-Match", method: "PUT", path: "/Patient/bob", body: bob, headers: []string{"If-Match: 1"}, status: 400},
		{name: "update of what must not be there", method: "PUT", path: "/Patient/bob", body: bob, headers: []string{"If-None-Match: *"}, status: 412},
		{name: "update under another id", method: "PUT", path: "/Patient/rob", body: bob, status: 400, contains: "id"},
		{name: "update without an id", method: "PUT", path: "/Patient/rob", body: ann, status: 400},

		{name: "create where one is there", method: "POST", path: "/Patient", body: ann, headers: []string{"If-None-Exist: family=bob"}, status: 200,
			want: map[string]string{"Location": "BASE/Patient/bob/_history/2"}, contains: `"family":"Bob"`},
		{name: "create where several are there", method: "POST", path: "/Patient", body: ann, headers: []string{"If-None-Exist: family=ann"}, status: 412},
		{name: "create where none is there", method: "POST", path: "/Patient", body: ann, headers: []string{"If-None-Exist: Patient?family=zoe"}, status: 201},
		{name: "create where none has an identifier with a question mark", method: "POST", path: "/Patient",
			body: ann, headers: []string{"If-None-Exist: identifier=http://example.org/?x|1"}, status: 201},
		{name: "create with an unknown condition", method: "POST", path: "/Patient", body: ann, headers: []string{"If-None-Exist: famly=zoe"}, status: 400},

		{name: "delete of another version", method: "DELETE", path: "/Patient/bob", headers: []string{`If-Match: W/"1"`}, status: 412},
		{name: "delete", method: "DELETE", path: "/Patient/bob", headers: []string{`If-Match: W/"2"`}, status: 204, empty: true},
		{name: "delete again", method: "DELETE", path: "/Patient/bob", status: 204, empty: true},
		{name: "delete of what never was", method: "DELETE", path: "/Patient/nobody", status: 204, empty: true},
		{name: "read of a deleted resource", method: "GET", path: "/Patient/bob", status: 410, contains: `"code":"deleted"`},
		{name: "vread of a deletion", method: "GET", path: "/Patient/bob/_history/3", status: 410},
		{name: "vread of what was before", method: "GET", path: "/Patient/bob/_history/2", status: 200},
		{name: "update brings back", method: "PUT", path: "/Patient/bob", body: bob, status: 201, want: map[string]string{"ETag": `W/"4"`}},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			c.t = t
			a := c.must(s.status, s.method, s.path, s.body, s.headers...)
			for name, value := range s.want {
				require.Equal(t, expand(value, c.base), a.header.Get(name), name)
			}
			require.Contains(t, a.body, s.contains)
			if s.empty {
				require.Empty(t, a.body)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	c := newClient(t, &rest.Options{MaxBodySize: 1 << 10})
	tests := []struct {
		name         string
		method, path string
		body         string
		headers      []string
		status       int
		allow        string
		contains     string
	}{
		{name: "unknown type", method: "GET", path: "/Patiens/1", status: 404, contains: `"code":"not-supported"`},
		{name: "abstract type", method: "POST", path: "/Resource", body: ann, status: 404},
		{name: "data type", method: "GET", path: "/HumanName", status: 404},
		{name: "unknown path", method: "GET", path: "/Patient/1/2/3", status: 404, contains: `"code":"not-found"`},
		{name: "unknown path of FHIR's form", method: "GET", path: "/_metadata", status: 404},
		{name: "unknown resource", method: "GET", path: "/Patient/1", status: 404, contains: `"code":"not-found"`},
		{name: "an id that cannot be", method: "GET", path: "/Patient/a%20b", status: 404},
		{name: "history of nothing", method: "GET", path: "/Patient/1/_history", status: 404},
		{name: "method of a type", method: "TRACE", path: "/Patient", status: 405, allow: "GET, HEAD, POST, PUT, PATCH, DELETE"},
		{name: "neither id nor condition", method: "PUT", path: "/Patient", body: ann, status: 400},
		{name: "method of a resource", method: "POST", path: "/Patient/1", body: ann, status: 405, allow: "GET, HEAD, PUT, PATCH, DELETE"},
		{name: "method of a search", method: "GET", path: "/Patient/_search", status: 405, allow: "POST"},
		{name: "method of the base", method: "DELETE", path: "", status: 405, allow: "POST, GET, HEAD"},
		{name: "operation", method: "GET", path: "/Patient/1/$frobnicate", status: 501, contains: `"code":"not-supported"`},
		{name: "operation of another type", method: "GET", path: "/Observation/1/$everything", status: 404, contains: `"code":"not-supported"`},
		{name: "operation of no type", method: "GET", path: "/Nonsense/$validate", status: 404, contains: `"code":"not-supported"`},
		{name: "no compartment", method: "GET", path: "/Medication/1/Observation", status: 404},
		{name: "not in the compartment", method: "GET", path: "/Patient/1/Medication", status: 400},
		{name: "type of a search of one type", method: "GET", path: "/Patient?_type=Observation", status: 400},
		{name: "Turtle is wanted", method: "GET", path: "/Patient", headers: []string{"Accept: application/fhir+turtle"}, status: 406},
		{name: "Turtle is wanted by _format", method: "GET", path: "/Patient?_format=ttl", status: 406},
		{name: "R5 is wanted", method: "GET", path: "/Patient", headers: []string{"Accept: application/fhir+json; fhirVersion=5.0"}, status: 406},
		{name: "neither is wanted", method: "GET", path: "/Patient", headers: []string{"Accept: */*, application/fhir+json;q=0, application/json;q=0, application/fhir+xml;q=0, application/xml;q=0"}, status: 406},
		{name: "XML of no namespace is sent", method: "POST", path: "/Patient", body: "<Patient/>", headers: []string{"Content-Type: application/fhir+xml"}, status: 400},
		{name: "XML is sent as JSON", method: "POST", path: "/Patient", body: "<Patient xmlns='http://hl7.org/fhir'/>", status: 400},
		{name: "Latin 1 is sent", method: "POST", path: "/Patient", body: ann, headers: []string{"Content-Type: application/json; charset=latin1"}, status: 415},
		{name: "brotli is sent", method: "POST", path: "/Patient", body: ann, headers: []string{"Content-Encoding: br"}, status: 415},
		{name: "JSON is sent to a search", method: "POST", path: "/Patient/_search", body: "{}", status: 415},
		{name: "too much is sent", method: "POST", path: "/Patient", body: string(make([]byte, 1<<10+1)), status: 413, contains: `"code":"too-long"`},
		{name: "nothing is sent", method: "POST", path: "/Patient", status: 400},
		{name: "malformed JSON", method: "POST", path: "/Patient", body: `{"resourceType":"Patient",`, status: 400},
		{name: "no object", method: "POST", path: "/Patient", body: `[]`, status: 400},
		{name: "no type", method: "POST", path: "/Patient", body: `{"id":"1"}`, status: 400},
		{name: "another type", method: "POST", path: "/Patient", body: `{"resourceType":"Observation"}`, status: 400},
		{name: "unknown element", method: "POST", path: "/Patient", body: `{"resourceType":"Patient","nickname":"x"}`, status: 400, contains: `"expression":["Patient.nickname"]`},
		{name: "malformed value", method: "PUT", path: "/Patient/1", body: `{"resourceType":"Patient","id":"1","birthDate":"yesterday"}`, status: 400,
			contains: `"expression":["Patient.birthDate"]`},
		{name: "empty condition", method: "POST", path: "/Patient", body: ann, headers: []string{"If-None-Exist: "}, status: 400},
		{name: "unknown parameter", method: "GET", path: "/Patient?nam=x", status: 400},
		{name: "malformed parameter", method: "GET", path: "/Patient?birthdate=yesterday", status: 400},
		{name: "unsupported parameter", method: "GET", path: "/Patient?_filter=x", status: 400},
		{name: "forged page", method: "GET", path: "/Patient?_page=x", status: 400},
		{name: "malformed query", method: "GET", path: "/Patient?name=%zz", status: 400},
		{name: "unknown parameter of a history", method: "GET", path: "/_history?name=x", status: 400},
		{name: "malformed count of a history", method: "GET", path: "/_history?_count=-1", status: 400},
		{name: "malformed time of a history", method: "GET", path: "/_history?_since=yesterday", status: 400},
		{name: "time of a history with a comma", method: "GET", path: "/_history?_since=2024-05-06T07:08:12,5Z", status: 400},
		{name: "page of a history that never was", method: "GET", path: "/_history?_page=Patient/1/1", status: 400},
		{name: "no bundle", method: "POST", path: "", body: ann, status: 400},
		{name: "bundle that is none", method: "POST", path: "", body: `{"resourceType":"Bundle","type":"collection"}`, status: 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.t = t
			a := c.must(test.status, test.method, test.path, test.body, test.headers...)
			require.Equal(t, test.allow, a.header.Get("Allow"))
			require.Contains(t, a.body, test.contains)
			require.NotContains(t, a.body, "yesterday", "an outcome quotes no data")
		})
	}
}

func TestAccept(t *testing.T) {
	c := newClient(t, nil)
	for accept, want := range map[string]string{
		"*/*":                                    "application/fhir+json; charset=utf-8",
		"application/*;q=0.5":                    "application/fhir+json; charset=utf-8",
		"application/fhir+json":                  "application/fhir+json; charset=utf-8",
		"application/fhir+json; fhirVersion=4.0": "application/fhir+json; charset=utf-8",
		"application/json, application/fhir+json;q=0.9":         "application/json; charset=utf-8",
		"application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "application/xml; charset=utf-8",
		"application/fhir+xml;q=0.1, application/json":          "application/json; charset=utf-8",
		"application/fhir+xml, application/json;q=0.1":          "application/fhir+xml; charset=utf-8",
		"text/xml":                   "application/fhir+xml; charset=utf-8",
		"*/*, application/xml":       "application/fhir+json; charset=utf-8",
		"application/xml, */*;q=0.1": "application/xml; charset=utf-8",
	} {
		t.Run(accept, func(t *testing.T) {
			a := c.must(http.StatusOK, "GET", "/Patient", "", "Accept: "+accept)
			require.Equal(t, want, a.header.Get("Content-Type"))
		})
	}
	for _, format := range []string{"json", "application/json", "application/fhir+json", "application/fhir%2Bjson", "text/json"} {
		t.Run(format, func(t *testing.T) {
			c.must(http.StatusOK, "GET", "/Patient?_format="+format, "", "Accept: application/fhir+xml")
		})
	}
}
