package rest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDocument(t *testing.T) {
	c := newClient(t, nil)
	for _, r := range []string{
		`{"resourceType":"Organization","id":"org","name":"x"}`,
		`{"resourceType":"Practitioner","id":"doc"}`,
		`{"resourceType":"PractitionerRole","id":"role","practitioner":{"reference":"Practitioner/doc"},"organization":{"reference":"Organization/org"}}`,
		`{"resourceType":"Patient","id":"a"}`,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"performer":[{"reference":"PractitionerRole/role"}]}`,
		`{"resourceType":"Composition","id":"c","status":"final","type":{"text":"x"},"date":"2020","title":"t","subject":{"reference":"Patient/a"},"author":[{"reference":"PractitionerRole/role"},{"reference":"Practitioner/nobody"}],"section":[{"title":"s","entry":[{"reference":"Observation/o/_history/1"}]}]}`,
	} {
		part := strings.SplitN(r, `"`, 9)
		c.must(201, "PUT", "/"+part[3]+"/"+part[7], r)
	}
	c.must(200, "PUT", "/Observation/o", `{"resourceType":"Observation","id":"o","status":"amended","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`)
	want := []string{"Composition/c", "Observation/o", "Organization/org", "Patient/a", "Practitioner/doc", "PractitionerRole/role"}
	for _, path := range []string{"/Composition/c/$document", "/Composition/$document?id=c", "/Composition/$document?id=" + c.base + "/Composition/c", "/Composition/c/$document?persist=false"} {
		a := c.must(200, "GET", path, "")
		b := a.bundle(t)
		require.Equal(t, "document", b.Type)
		require.Equal(t, want, refs(b))
		require.Equal(t, "Composition", b.Entry[0].Resource["resourceType"], "the composition comes first")
		require.Regexp(t, `"identifier":\{"system":"urn:ietf:rfc:3986","value":"urn:uuid:[0-9a-f-]{36}"\},"type":"document","timestamp":"2024-`, a.body)
		for _, e := range b.Entry {
			if e.Resource["id"] == "o" {
				require.Equal(t, "final", e.Resource["status"], "the version that the composition names")
			}
		}
	}
	a := c.must(200, "GET", "/Composition/c/$document?persist=true", "")
	location := strings.TrimPrefix(a.header.Get("Location"), c.base)
	require.Equal(t, want, refs(c.must(200, "GET", location, "").bundle(t)))
	for path, status := range map[string]int{
		"/Composition/$document": 400, "/Composition/c/$document?id=c": 400, "/Composition/nobody/$document": 404, "/Composition/$document?id=http://elsewhere.org/Composition/c": 501,
		"/Composition/$document?id=Patient/a": 400, "/Composition/c/$document?graph=http://example.org/g": 501, "/Patient/a/$document": 404, "/Composition/c/$document?persist=perhaps": 400,
	} {
		c.must(status, "GET", path, "")
	}
}

func TestDiff(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a","active":true,"gender":"male"}`)
	c.must(200, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a","active":false,"gender":"male"}`)
	c.must(200, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a","active":false,"birthDate":"2020-01-01"}`)
	c.must(201, "PUT", "/Patient/b", `{"resourceType":"Patient","id":"b","active":true}`)
	// Each difference is applied as a patch, and makes the second of the first.
	apply := func(from, diff string) string {
		created := c.must(201, "POST", "/Patient", from)
		id := strings.TrimPrefix(strings.SplitN(created.header.Get("Location"), "/_history", 2)[0], c.base)
		body := c.must(200, "PATCH", id, diff, "Content-Type: application/fhir+json").body
		return body[strings.Index(body, `},"`)+2:] // without id and meta
	}
	require.Equal(t, `"active":false,"birthDate":"2020-01-01"}`, apply(`{"resourceType":"Patient","active":false,"gender":"male"}`, c.must(200, "GET", "/Patient/a/$diff", "").body))
	require.Equal(t, `"active":false,"gender":"male"}`, apply(`{"resourceType":"Patient","active":true,"gender":"male"}`, c.must(200, "GET", "/Patient/a/$diff?toVersion=2", "").body))
	require.Equal(t, `"active":true,"gender":"male"}`, apply(`{"resourceType":"Patient","active":false,"birthDate":"2020-01-01"}`, c.must(200, "GET", "/Patient/a/$diff?fromVersion=3&toVersion=1", "").body))
	require.Equal(t, `{"resourceType":"Parameters"}`, c.must(200, "GET", "/Patient/a/$diff?fromVersion=2&toVersion=2", "").body)
	require.NotContains(t, c.must(200, "GET", "/Patient/a/$diff", "").body, "lastUpdated")
	require.Contains(t, c.must(200, "GET", "/Patient/a/$diff?includeMeta=true", "").body, "lastUpdated")
	require.Contains(t, c.must(200, "GET", "/$diff?from=Patient/a&to=Patient/b", "").body, `"valueString":"Patient.active"`)
	require.Contains(t, c.must(200, "GET", "/$diff?from=Patient/a/_history/1&to="+c.base+"/Patient/a/_history/3", "").body, `"valueString":"Patient.gender"`)
	c.must(204, "DELETE", "/Patient/a", "")
	c.must(200, "GET", "/Patient/a/$diff?fromVersion=1&toVersion=2", "")
	c.must(201, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a","active":true}`)
	require.Contains(t, c.must(200, "GET", "/Patient/a/$diff", "").body, `birthDate`, "the version before the deletion")
	c.must(201, "PUT", "/Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"}}`)
	for path, status := range map[string]int{
		"/Patient/b/$diff": 404, "/Patient/nobody/$diff": 404, "/Patient/a/$diff?fromVersion=9": 404, "/Patient/a/$diff?toVersion=4": 410, "/Patient/a/$diff?fromVersion=4": 410,
		"/$diff?from=Patient/a": 400, "/$diff?from=Patient/a&to=x": 400, "/$diff?from=Patient/a&to=Observation/o": 400, "/$diff?from=Patient/a&to=Patient/nobody": 404,
		"/Patient/$diff": 404,
	} {
		c.must(status, "GET", path, "")
	}
}
