package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/stretchr/testify/require"
)

// What is asked for is done or refused: no interaction drops a parameter, unless the
// client prefers leniency, and then it is told.
func TestParametersOfInteractions(t *testing.T) {
	const patchBob = `[{"op":"replace","path":"/name/0/family","value":"Rob"}]`
	interactions := []struct{ name, method, path, body, kind string }{
		{"read", "GET", "/Patient/bob", "", ""}, {"head", "HEAD", "/Patient/bob", "", ""}, {"vread", "GET", "/Patient/bob/_history/1", "", ""},
		{"create", "POST", "/Patient", ann, ""}, {"update", "PUT", "/Patient/bob", bob, ""}, {"patch", "PATCH", "/Patient/bob", patchBob, "application/json-patch+json"},
		{"delete", "DELETE", "/Patient/nobody", "", ""}, {"metadata", "GET", "/metadata", "", ""}, {"batch", "POST", "/", bundleOf("batch", getBob), ""},
		{"history", "GET", "/Patient/bob/_history", "", ""}, {"search", "GET", "/Patient", "", ""}, {"search by form", "POST", "/Patient/_search", "", "application/x-www-form-urlencoded"},
	}
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/bob", bob)
	for _, i := range interactions {
		for _, bad := range []string{"nonsense=1", "nonsense=x&_format=json", "_pretty=perhaps"} {
			if strings.HasPrefix(bad, "_pretty") && (i.name == "history" || strings.HasPrefix(i.name, "search")) {
				continue
			}
			t.Run(i.name+" "+bad, func(t *testing.T) {
				c.t = t
				var headers []string
				if i.kind != "" {
					headers = append(headers, "Content-Type: "+i.kind)
				}
				c.must(400, i.method, i.path+"?"+bad, i.body, headers...)
				c.must(400, i.method, i.path+"?"+bad, i.body, append(headers, "Prefer: handling=strict")...)
				a := c.do(i.method, i.path+"?"+bad, i.body, append(headers, "Prefer: handling=lenient, return=OperationOutcome")...)
				require.Less(t, a.status, 300, a.body)
				if !strings.HasPrefix(i.name, "search") {
					require.Equal(t, "handling=lenient", a.header.Get("Preference-Applied"))
					require.Contains(t, a.header.Get("Warning"), "left aside")
				}
			})
		}
		c.t = t
	}
	for _, bad := range []string{"/Patient/bob?_count=1", "/Patient/bob?name=bob", "/Patient/bob?_summary=count", "/Patient/bob?_summary=yes", "/Patient/bob?_elements=nonsense", "/Patient/bob?_summary=true&_summary=text", "/metadata?_summary=true", "/metadata?mode=normative", "/Patient/bob?_elements=%zz"} {
		c.must(400, "GET", bad, "")
	}
	c.must(200, "GET", "/metadata?mode=full&_format=json", "")
	c.must(400, "DELETE", "/Patient/bob?name=bob", "")
	require.Contains(t, c.must(201, "POST", "/Patient?nonsense=1", ann, "Prefer: handling=lenient; return=OperationOutcome").body, "parameter nonsense is not supported")
}

// A read may ask for a part, which is tagged.
func TestSubsetsOfReads(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/bob", `{"resourceType":"Patient","id":"bob","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Bob</div>"},"name":[{"family":"Bob"}],"birthDate":"1980-01-01","contact":[{"name":{"family":"C"}}]}`)
	for query, test := range map[string]struct{ has, lacks string }{
		"_summary=true": {"birthDate", "contact"}, "_summary=text": {`"div"`, "birthDate"}, "_summary=data": {"contact", `"div"`}, "_elements=birthDate": {"birthDate", "family"},
		"_elements=name,birthDate&_pretty=true": {"family", "contact"},
	} {
		for _, path := range []string{"/Patient/bob", "/Patient/bob/_history/1"} {
			t.Run(path+"?"+query, func(t *testing.T) {
				c.t = t
				a := c.must(200, "GET", path+"?"+query, "")
				require.Contains(t, a.body, test.has)
				require.NotContains(t, a.body, test.lacks)
				require.Contains(t, a.body, "SUBSETTED")
				require.Equal(t, `W/"1"`, a.header.Get("ETag"))
				r := c.must(200, "POST", "/", bundleOf("batch", `{"request":{"method":"GET","url":"`+path[1:]+`?`+query+`"}}`)).body
				require.Contains(t, r, "SUBSETTED")
				require.NotContains(t, r, test.lacks)
			})
		}
	}
	c.t = t
	require.NotContains(t, c.must(200, "GET", "/Patient/bob?_summary=false", "").body, "SUBSETTED")
	require.Equal(t, []string{"400 Bad Request"}, statuses(c.must(200, "POST", "/", bundleOf("batch", `{"request":{"method":"GET","url":"Patient/bob?nonsense=1"}}`)).bundle(t)))
}

// Headers that restrict what is done belong to some interactions, and there once.
func TestHeadersOfInteractions(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/bob", bob)
	handler := rest.NewHandler(c.store, nil)
	request := func(method, path, body string, headers ...string) int {
		r := httptest.NewRequest(method, "/fhir"+path, strings.NewReader(body))
		if body != "" {
			r.Header.Set("Content-Type", "application/fhir+json")
		}
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Add(name, value)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	before := c.store.Snapshot().Sequence()
	for name, status := range map[string]int{
		"second If-Match":               request("PUT", "/Patient/bob", bob, `If-Match: W/"1"`, `If-Match: W/"1"`),
		"two versions in If-Match":      request("PUT", "/Patient/bob", bob, `If-Match: W/"1", W/"2"`),
		"empty If-Match":                request("PUT", "/Patient/bob", bob, `If-Match: `),
		"second If-Match of a deletion": request("DELETE", "/Patient/bob", "", `If-Match: W/"1"`, `If-Match: W/"2"`),
		"second Content-Encoding":       request("PUT", "/Patient/bob", bob, "Content-Encoding: identity", "Content-Encoding: identity"),
		"second Content-Length":         request("PUT", "/Patient/bob", bob, "Content-Length: 1", "Content-Length: 1"),
		"second Content-Type":           request("PUT", "/Patient/bob", bob, "Content-Type: application/json"),
		"second If-None-Exist":          request("POST", "/Patient", ann, "If-None-Exist: family=x", "If-None-Exist: family=y"),
		"second If-None-Match":          request("PUT", "/Patient/bob", bob, "If-None-Match: *", "If-None-Match: *"),
		"second level":                  request("PUT", "/Patient/bob", bob, "X-Amzn-Healthlake-Fhir-Validation-Level: strict", "X-Amzn-Healthlake-Fhir-Validation-Level: minimal"),
		"If-Match of a create":          request("POST", "/Patient", ann, `If-Match: W/"1"`),
		"If-None-Match of a create":     request("POST", "/Patient", ann, `If-None-Match: *`),
		"If-None-Match of a deletion":   request("DELETE", "/Patient/bob", "", `If-None-Match: *`),
		"If-None-Exist of an update":    request("PUT", "/Patient/bob", bob, "If-None-Exist: family=x"),
		"If-None-Exist of a deletion":   request("DELETE", "/Patient/bob", "", "If-None-Exist: family=x"),
		"If-None-Exist of a batch":      request("POST", "/", bundleOf("batch", postAnn), "If-None-Exist: family=x"),
		"If-Match of a transaction":     request("POST", "/", bundleOf("transaction", postAnn), `If-Match: W/"1"`),
		"If-Modified-Since of a write":  request("PUT", "/Patient/bob", bob, "If-Modified-Since: Mon, 06 May 2024 07:08:09 GMT"),
		"If-Unmodified-Since":           request("DELETE", "/Patient/bob", "", "If-Unmodified-Since: Mon, 06 May 2024 07:08:09 GMT"),
		"If-Match of a read":            request("GET", "/Patient/bob", "", `If-Match: W/"7"`),
		"If-None-Exist of a search":     request("GET", "/Patient", "", "If-None-Exist: family=x"),
		"X-Provenance of a deletion":    request("DELETE", "/Patient/bob", "", "X-Provenance: {}"),
		"X-Provenance of a batch":       request("POST", "/", bundleOf("batch", postAnn), "X-Provenance: {}"),
		"criteria of another type":      request("POST", "/Patient", ann, "If-None-Exist: Group?code=x"),
		"criteria without a condition":  request("POST", "/Patient", ann, "If-None-Exist: Patient?"),
	} {
		require.Equal(t, http.StatusBadRequest, status, name)
	}
	require.Equal(t, before, c.store.Snapshot().Sequence(), "nothing was written")
	for _, path := range []string{"/Patient", "/Patient/bob/_history", "/metadata"} {
		require.Equal(t, 200, request("GET", path, "", `If-None-Match: W/"1"`, "If-Modified-Since: Mon, 06 May 2024 07:08:09 GMT"), "caches send it; these have no ETag")
	}
}

// A Provenance is stored with what is written, in the same commit.
func TestProvenance(t *testing.T) {
	const given = `X-Provenance: {"resourceType":"Provenance","recorded":"2024-05-06T07:08:09Z","agent":[{"who":{"display":"Dr. Who"}}]}`
	c := newClient(t, nil)
	for _, step := range []struct{ method, path, body, kind, target string }{
		{"POST", "/Patient", ann, "application/fhir+json", "Patient/n1"}, {"PUT", "/Patient/bob", bob, "application/fhir+json", "Patient/bob"},
		{"PATCH", "/Patient/bob", `[{"op":"add","path":"/active","value":true}]`, "application/json-patch+json", "Patient/bob"},
	} {
		before := c.store.Snapshot().Sequence()
		a := c.do(step.method, step.path, step.body, given, "Content-Type: "+step.kind)
		require.Less(t, a.status, 300, a.body)
		require.Equal(t, before+1, c.store.Snapshot().Sequence(), "one commit")
		b := c.must(200, "GET", "/Provenance?_count=1", "").bundle(t)
		require.Equal(t, []any{map[string]any{"reference": step.target}}, b.Entry[0].Resource["target"])
	}
	require.Equal(t, 3, *c.must(200, "GET", "/Provenance", "").bundle(t).Total)
	before := c.store.Snapshot().Sequence()
	c.must(200, "POST", "/Patient", ann, given, "If-None-Exist: family=bob")
	require.Equal(t, before, c.store.Snapshot().Sequence(), "nothing was written, so there is nothing to tell of")
	for name, bad := range map[string]string{
		"with a target": strings.Replace(given, `"recorded"`, `"target":[{"reference":"Patient/bob"}],"recorded"`, 1), "invalid": "X-Provenance: {\"resourceType\":\"Provenance\"}",
		"another resource": `X-Provenance: {"resourceType":"Patient"}`, "no JSON": "X-Provenance: yes", "empty": "X-Provenance: ", "two": given + "{}",
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.must(400, "PUT", "/Patient/bob", bob, bad)
			c.must(400, "POST", "/Patient", ann, bad)
			require.Equal(t, before, c.store.Snapshot().Sequence())
		})
	}
}

// Types and versions of FHIR that clients name (FHIR R4 §3.1.0.1.7, §3.1.0.1.8).
func TestMediaTypes(t *testing.T) {
	c := newClient(t, nil)
	for accept, status := range map[string]int{
		"application/fhir+json; fhirVersion=4.0": 200, "application/fhir+json; fhirVersion=4.0.1": 200, `application/fhir+json; fhirVersion="4.0"`: 200, "application/json;fhirVersion=4.0.1": 200,
		"application/fhir+json; fhirVersion=5.0": 406, "application/fhir+json; fhirVersion=3.0": 406, "application/fhir+json; fhirVersion=4.3": 406, "*/*; fhirVersion=5.0": 406,
		"application/fhir+json; fhirVersion=5.0, application/fhir+json; fhirVersion=4.0": 200,
		"text/json": 200, "application/json+fhir": 200, "application/*+json": 200, "text/*": 200, "TEXT/JSON": 200, "application/fhir+xml, application/*+json;q=0.1": 200,
		"application/*+xml": 200, "application/xml+fhir": 200, "application/fhir+xml; fhirVersion=5.0": 406, "text/plain": 406, "application/*+json;q=0": 406, "text/json;q=0": 406, "application/xml;q=0": 406,
	} {
		t.Run(accept, func(t *testing.T) {
			c.t = t
			a := c.must(status, "GET", "/Patient", "", "Accept: "+accept)
			if status == 406 {
				require.Contains(t, a.body, "4.0")
			}
		})
	}
	for kind, status := range map[string]int{
		"application/fhir+json; fhirVersion=4.0": 201, "application/fhir+json; fhirVersion=4.0.1; charset=utf-8": 201, "application/json+fhir": 201, "text/json": 201,
		"application/fhir+json; fhirVersion=5.0": 415, "application/fhir+json; fhirVersion=4.0.2": 415, "application/json; fhirVersion=3.0": 415, "application/*+json": 415, "text/plain": 415,
	} {
		t.Run(kind, func(t *testing.T) {
			c.t = t
			a := c.must(status, "POST", "/Patient", ann, "Content-Type: "+kind)
			if strings.Contains(kind, "fhirVersion") && status == 415 {
				require.Contains(t, a.body, "4.0")
			}
		})
	}
	const form = "Content-Type: application/x-www-form-urlencoded"
	c.must(406, "POST", "/Patient/_search", "_format=ttl", form)
	require.NotEmpty(t, c.must(200, "POST", "/Patient/_search", "_format=xml", form).xml)
	require.Contains(t, c.must(200, "POST", "/Patient/_search", "_format=json&_pretty=true", form).body, "{\n  \"resourceType\"")
	for format, status := range map[string]int{"application/json%2Bfhir": 200, "application/json+fhir": 200, "application/fhir%2Bjson;fhirVersion=4.0.1": 200, "application/fhir%2Bjson;fhirVersion=5.0": 406, "xml": 200, "text/xml": 200, "application/fhir+xml": 200, "application/fhir%2Bxml;fhirVersion=5.0": 406, "ttl": 406} {
		c.t = t
		c.must(status, "GET", "/Patient?_format="+format, "")
	}
}

// The entries of a Bundle's answer have what the client prefers.
func TestReturnOfBundles(t *testing.T) {
	c := newClient(t, nil)
	for prefer, has := range map[string]string{"return=representation": `"family":"Ann"`, "return=OperationOutcome": `"outcome"`, "return=minimal": "", "": ""} {
		for _, kind := range []string{"batch", "transaction"} {
			a := c.must(200, "POST", "", bundleOf(kind, postAnn), "Prefer: "+prefer)
			require.Contains(t, a.body, has)
			if has == "" {
				require.NotContains(t, a.body, `"family"`)
				require.NotContains(t, a.body, `"outcome"`)
			}
		}
	}
	b := c.must(200, "POST", "", bundleOf("batch", `{"request":{"method":"GET","url":"`+c.base+`/Patient?_count=1"}}`)).bundle(t)
	require.Equal(t, []string{"200 OK"}, statuses(b))
	require.Contains(t, b.Entry[0].Resource["entry"].([]any)[0].(map[string]any)["fullUrl"], c.base+"/Patient/")
}

// Compartments are searched by POST as well (FHIR R4 §3.1.0.9).
func TestFormsInCompartments(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/bob", bob)
	c.must(201, "PUT", "/Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/bob"}}`)
	const form = "Content-Type: application/x-www-form-urlencoded"
	b := c.must(200, "POST", "/Patient/bob/Observation/_search", "status=final", form).bundle(t)
	require.Equal(t, []string{"Observation/o"}, c.fullURLs(b))
	require.Contains(t, c.link(b, "self"), "/Patient/bob/Observation?status=final")
	require.Equal(t, 0, *c.must(200, "POST", "/Patient/ann/Observation/_search?status=final", "_count=0", form).bundle(t).Total)
	require.Equal(t, 2, *c.must(200, "POST", "/Patient/bob/*/_search", "", form).bundle(t).Total)
	c.must(400, "POST", "/Patient/bob/Medication/_search", "", form)
	c.must(404, "POST", "/Medication/m/Observation/_search", "", form)
	c.must(405, "GET", "/Patient/bob/Observation/_search", "")
	c.must(415, "POST", "/Patient/bob/Observation/_search", "{}")
}

// What is included by a reference to a version is current, and the answer says where
// that is another one.
func TestIncludesOfVersions(t *testing.T) {
	c := newClient(t, nil)
	refer := func(id, reference string) {
		c.must(201, "PUT", "/Observation/"+id, `{"resourceType":"Observation","id":"`+id+`","status":"final","code":{"text":"x"},"subject":{"reference":"`+reference+`"}}`)
	}
	c.must(201, "PUT", "/Patient/bob", bob)
	refer("current", "Patient/bob/_history/1")
	const query = "/Observation?_include=Observation:subject&_id="
	require.NotContains(t, c.must(200, "GET", query+"current", "").body, "OperationOutcome")
	c.must(200, "PUT", "/Patient/bob", bob)
	refer("any", "Patient/bob")
	refer("second", "Patient/bob/_history/2")
	for id, told := range map[string]bool{"current": true, "any": false, "second": false, "any,current": true, "current&_elements=status": true} {
		b := c.must(200, "GET", query+id, "").bundle(t)
		last := b.Entry[len(b.Entry)-1]
		require.Equal(t, told, last.Search.Mode == "outcome", id)
		if told {
			require.Contains(t, last.Resource["issue"].([]any)[0].(map[string]any)["diagnostics"], "Patient/bob is included in its current version")
		}
		require.Contains(t, c.must(200, "POST", "", bundleOf("batch", `{"request":{"method":"GET","url":"`+query[1:]+id+`"}}`)).body, `"versionId":"2"`)
	}
}
