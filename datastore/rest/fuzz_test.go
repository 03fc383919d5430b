package rest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/stretchr/testify/require"
)

// FuzzRequest has whatever is sent end in a valid answer that is no fault of the
// server's.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/fhir/Patient/1", "_format=json", "Accept", "*/*", "")
	f.Add("POST", "/fhir/Patient", "", "If-None-Exist", "family=ann", ann)
	f.Add("PUT", "/fhir/Patient/bob", "", "If-Match", `W/"1"`, bob)
	f.Add("PATCH", "/fhir/Patient/bob", "", "Content-Type", "application/json-patch+json", `[{"op":"add","path":"/active","value":true}]`)
	f.Add("PUT", "/fhir/Patient/bob", "", "X-Amzn-Healthlake-Fhir-Validation-Level", "minimal", `{"resourceType":"Patient","id":"bob","active":"yes"}`)
	f.Add("DELETE", "/fhir/Patient/bob", "", "Prefer", "return=minimal", "")
	f.Add("GET", "/fhir/Patient", "name=ann&_sort=-birthdate&_count=1", "Prefer", "handling=lenient", "")
	f.Add("POST", "/fhir/Patient/_search", "_id=bob", "Content-Type", "application/x-www-form-urlencoded", "name=bob")
	f.Add("GET", "/fhir/_history", "_since=2020-01-01T00:00:00Z&_page=Patient/bob/1", "If-None-Match", "*", "")
	f.Add("POST", "/fhir", "_pretty=true", "Content-Type", "application/json", bundleOf("transaction", postAnn, putBob, findAnn))
	f.Add("POST", "/fhir/", "", "", "", bundleOf("batch", deleteOld, getNone, patch))
	store, err := datastore.Open(context.Background(), "mem:", nil)
	require.NoError(f, err)
	f.Cleanup(func() { _ = store.Close() })
	handler := rest.NewHandler(store, nil)
	f.Fuzz(func(t *testing.T, method, path, query, header, value, body string) {
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: query}
		r.Header[http.CanonicalHeaderKey(header)] = []string{value}
		delete(r.Header, "Accept-Encoding")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.NotEqual(t, http.StatusInternalServerError, w.Code, w.Body)
		if w.Body.Len() > 0 {
			// What one request stored at the level minimal, the next may read.
			var doc fhirjson.Document
			require.NoError(t, fhirjson.Parse(w.Body.Bytes(), &doc, &fhirjson.Options{Level: fhirjson.Minimal}), "%.2000s", w.Body)
		}
	})
}

// FuzzOperation calls operations with whatever parameters, in a store that has something
// of all that they look at.
func FuzzOperation(f *testing.F) {
	parameters := func(list string) string {
		return `{"resourceType":"Parameters","parameter":[` + list + `]}`
	}
	for _, seed := range [][3]string{
		{"/Patient/a/$everything", "start=2020&_type=Observation&_count=2", ""},
		{"/Group/g/$everything", "_since=2020-01-01T00:00:00Z", ""},
		{"/Composition/$document", "id=c", ""},
		{"/Patient/$validate", "mode=create", ann},
		{"/Patient/$validate", "", parameters(`{"name":"resource","resource":{"resourceType":"Patient","gender":"x"}}`)},
		{"/Patient/a/$diff", "fromVersion=1", ""},
		{"/Observation/$lastn", "patient=a&category=lab&max=2", ""},
		{"/Observation/$stats", "subject=Patient/a&code=w&statistic=regression&statistic=skew&statistic=5-4", ""},
		{"/Observation/$stats", "", parameters(`{"name":"subject","valueUri":"Patient/a"},{"name":"coding","valueCoding":{"code":"w"}},{"name":"statistic","valueCode":"sum"},{"name":"period","valuePeriod":{"start":"2020"}}`)},
		{"/ValueSet/$expand", "", parameters(`{"name":"valueSet","resource":{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"http://example.org/animals","filter":[{"property":"legs","op":"regex","value":"4|2"}]}]}}}`)},
		{"/ValueSet/all/$expand", "filter=d&count=2&offset=1&displayLanguage=de&includeDesignations=true", ""},
		{"/ValueSet/mixed/$validate-code", "code=dog&system=http://example.org/animals&display=Dog", ""},
		{"/CodeSystem/$validate-code", "", parameters(`{"name":"codeSystem","resource":{"resourceType":"CodeSystem","status":"active","content":"complete","concept":[{"code":"a","concept":[{"code":"b"}]}]}},{"name":"code","valueCode":"b"}`)},
		{"/CodeSystem/$lookup", "code=dog&system=http://example.org/animals&property=*", ""},
		{"/CodeSystem/$subsumes", "codeA=dog&codeB=poodle&system=http://example.org/animals", ""},
		{"/ConceptMap/$translate", "", parameters(`{"name":"coding","valueCoding":{"system":"http://example.org/animals","code":"dog"}},{"name":"dependency","part":[{"name":"element","valueUri":"x"},{"name":"concept","valueCodeableConcept":{"coding":[{"code":"y"}]}}]}`)},
		{"/ConceptMap/$translate", "", parameters(`{"name":"conceptMap","resource":{"resourceType":"ConceptMap","status":"active","group":[{"source":"s","element":[{"code":"c","target":[{"code":"d","equivalence":"equal"}]}],"unmapped":{"mode":"other-map","url":"http://example.org/cm"}}]}},{"name":"code","valueCode":"c"},{"name":"system","valueUri":"s"}`)},
		{"/Patient/a/$meta-add", "", parameters(`{"name":"meta","valueMeta":{"tag":[{"code":"x"}],"profile":["http://example.org/p"]}}`)},
		{"/Observation/$bulk-delete", "", parameters(`{"name":"criteria","valueString":"status=nonsense"}`)},
		{"/OperationDefinition", "code=diff&_count=1&_page=x", ""},
		{"/$reindex", "", ""}, {"/metadata", "mode=terminology", ""}, {"/$meta", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	store, err := datastore.Open(context.Background(), "mem:", nil)
	require.NoError(f, err)
	f.Cleanup(func() { _ = store.Close() })
	for _, r := range slices.Concat(theRecord, theTerms) {
		_, err := store.Update(context.Background(), []byte(r))
		require.NoError(f, err)
	}
	handler := rest.NewHandler(store, nil)
	f.Fuzz(func(t *testing.T, path, query, body string) {
		method := "POST"
		if body == "" {
			method = "GET"
		}
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		r.URL = &url.URL{Path: "/fhir" + path, RawQuery: query}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.NotEqual(t, http.StatusInternalServerError, w.Code, w.Body)
		if w.Body.Len() > 0 {
			var doc fhirjson.Document
			require.NoError(t, fhirjson.Parse(w.Body.Bytes(), &doc, &fhirjson.Options{Level: fhirjson.Minimal}), "%.2000s", w.Body)
		}
	})
}
