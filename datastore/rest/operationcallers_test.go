package rest_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/stretchr/testify/require"
)

// changing are the parts of answers that differ from call to call.
var changing = regexp.MustCompile(`_page=[A-Za-z0-9_-]+|urn:uuid:[-0-9a-f]+|"timestamp":"[^"]+"|"date":"[^"]+"|"lastUpdated":"[^"]+"`)

// TestOperationsOfCallers asks a store for what a caller may see, and a store that has
// nothing else: no operation tells them apart.
func TestOperationsOfCallers(t *testing.T) {
	grants := []access.Grant{{Type: "*", Permissions: access.Permissions, Patient: "a"}, {Type: "Binary", Permissions: "r"}}
	some := []access.Grant{{Type: "Observation", Permissions: "rs", Patient: "a"}, {Type: "Patient", Permissions: "r", Patient: "a"}}
	known := map[string]*access.Rights{"root": everything, "a": {Caller: "a", Grants: grants}, "some": {Caller: "some", Grants: some}, "b": {Caller: "b", Grants: ofPatient("b", "cruds")}}
	var clients []*client
	for range 2 {
		clients = append(clients, newClient(t, &rest.Options{Authorization: callers(known), BaseURL: "http://example.org/fhir", Operations: []rest.Operation{greet(echo)}}))
	}
	secret := []string{
		`{"resourceType":"Patient","id":"c"}`,
		`{"resourceType":"Observation","id":"oc","meta":{"tag":[{"code":"secret"}]},"status":"final","category":[{"coding":[{"code":"lab"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"w"}]},"subject":{"reference":"Patient/c"},"effectiveDateTime":"2024-01-01","valueQuantity":{"value":900,"system":"http://unitsofmeasure.org","code":"g"}}`,
		`{"resourceType":"Composition","id":"cc","status":"final","type":{"text":"x"},"date":"2020","title":"t","subject":{"reference":"Patient/c"},"author":[{"reference":"Practitioner/doc"}]}`,
	}
	ofA := []string{
		`{"resourceType":"Observation","id":"w1","status":"final","category":[{"coding":[{"code":"lab"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"w"}]},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2024-01-01","hasMember":[{"reference":"Observation/oc"}],"valueQuantity":{"value":9,"system":"http://unitsofmeasure.org","code":"g"}}`,
		`{"resourceType":"Composition","id":"ca","status":"final","type":{"text":"x"},"date":"2020","title":"t","subject":{"reference":"Patient/a"},"author":[{"reference":"Practitioner/doc"}],"section":[{"title":"s","entry":[{"reference":"Observation/oc"},{"reference":"Observation/w1"}]}]}`,
	}
	for i, c := range clients {
		for _, r := range slices.Concat(theRecord, theTerms, ofA, secret) {
			part := strings.SplitN(r, `"`, 9)
			mine := part[3] != "Patient" || part[7] != "b"
			if i == 1 && (!mine || slices.Contains(secret, r) || strings.Contains(r, `"id":"ob"`)) {
				continue
			}
			c.must(201, "PUT", "/"+part[3]+"/"+part[7], r, as("root"))
		}
	}
	post := func(parameters string) string {
		return `{"resourceType":"Parameters","parameter":[` + parameters + `]}`
	}
	for _, q := range [][3]string{
		{"GET", "/Patient/a/$everything"}, {"GET", "/Patient/a/$everything?_count=3"}, {"GET", "/Patient/b/$everything"}, {"GET", "/Patient/c/$everything"}, {"GET", "/Patient/$everything"}, {"GET", "/Group/g/$everything"}, {"GET", "/Encounter/e/$everything"},
		{"GET", "/Patient/a/$everything?start=2020&end=2020"}, {"GET", "/Composition/ca/$document"}, {"GET", "/Composition/cc/$document"},
		{"GET", "/Observation/$meta"}, {"GET", "/$meta"}, {"GET", "/Observation/oc/$meta"}, {"GET", "/Observation/oc/_history/1/$meta"}, {"GET", "/Observation/$lastn?patient=c&category=lab"}, {"GET", "/Observation/$lastn?patient=a,c&category=lab&max=9"},
		{"GET", "/Observation/$stats?subject=Patient/c&code=w&statistic=count&statistic=sum&include=true"}, {"GET", "/Observation/$stats?subject=Patient/a&code=w&statistic=count&statistic=sum&include=true"},
		{"GET", "/Observation/oc/$diff"}, {"GET", "/$diff?from=Observation/w1&to=Observation/oc"}, {"GET", "/Observation/oc/$validate?mode=delete"}, {"GET", "/Observation/oc/$validate"},
		{"GET", "/ValueSet/all/$expand?excludeNested=true"}, {"GET", "/ValueSet/$validate-code?url=http://example.org/vs/all&code=dog"}, {"GET", "/CodeSystem/$lookup?system=http://example.org/animals&code=dog"}, {"GET", "/ConceptMap/$translate?code=dog&system=http://example.org/animals"},
		{"POST", "/Observation/oc/$meta-add", post(`{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}`)}, {"POST", "/Observation/$bulk-delete", post(`{"name":"criteria","valueString":"_tag=secret"}`)},
		{"POST", "/$bulk-delete", post(`{"name":"criteria","valueString":"Observation?code=nobody"}`)},
		{"POST", "/Observation/oc/$purge"}, {"POST", "/Patient/c/$erase"}, {"POST", "/Patient/a/$erase"}, {"GET", "/$reindex"}, {"GET", "/metadata?mode=terminology"},
		{"GET", "/OperationDefinition?code=greet"}, {"GET", "/OperationDefinition/greet"},
		{"POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/c/$everything"}},{"request":{"method":"GET","url":"Patient/a/$everything"}},{"request":{"method":"GET","url":"Observation/$meta"}}]}`},
	} {
		for _, who := range []string{"a", "some"} {
			first, second := clients[0].do(q[0], q[1], q[2], as(who)), clients[1].do(q[0], q[1], q[2], as(who))
			require.Equal(t, second.status, first.status, "%s: %v\n%s\n%s", who, q, first.body, second.body)
			require.Equal(t, changing.ReplaceAllString(second.body, ""), changing.ReplaceAllString(first.body, ""), "%s: %v", who, q)
			require.NotContains(t, first.body, "secret")
			require.NotContains(t, first.body, `"valueQuantity":{"value":900`)
		}
	}
	c := clients[0]
	require.Contains(t, c.must(200, "GET", "/Patient/a/$everything", "", as("a")).body, `"id":"o19"`)
	c.must(http.StatusForbidden, "POST", "/Patient/a/$erase", "", as("a"))
	c.must(http.StatusForbidden, "POST", "/Patient/a/$purge", "", as("a"))
	c.must(200, "POST", "/Observation/w1/$meta-add", post(`{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}`), as("a"))
	c.must(http.StatusForbidden, "POST", "/Observation/w1/$meta-add", post(`{"name":"meta","valueMeta":{"tag":[{"code":"y"}]}}`), as("some"))
	c.must(http.StatusForbidden, "POST", "/Observation/$bulk-delete", post(`{"name":"criteria","valueString":"code=w"}`), as("some"))
	c.must(http.StatusUnauthorized, "GET", "/Patient/a/$everything", "")
	// A page token is its caller's alone.
	page := c.must(200, "GET", "/Patient/a/$everything?_count=2", "", as("a")).bundle(t)
	next := ""
	for _, l := range page.Link {
		if l.Relation == "next" {
			next = strings.TrimPrefix(l.URL, "http://example.org/fhir")
		}
	}
	c.must(200, "GET", next, "", as("a"))
	c.must(http.StatusBadRequest, "GET", next, "", as("root"))
	c.must(200, "POST", "/Patient/c/$erase", "", as("root"))
}
