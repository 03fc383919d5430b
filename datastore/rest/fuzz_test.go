package rest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
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
