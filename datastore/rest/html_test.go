package rest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// TestWhoGetsPages has HTML be for who asks for it, by _format or by an Accept that likes
// it best.
func TestWhoGetsPages(t *testing.T) {
	store := storetest.Open(t, nil)
	_, err := store.Update(t.Context(), []byte(bob))
	require.NoError(t, err)
	const chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
	for _, test := range []struct {
		method, path, accept string
		want                 string
	}{
		{"GET", "/Patient/bob", chrome, "text/html"},
		{"GET", "/Patient/bob", "text/html", "text/html"},
		{"GET", "/Patient/bob", "TEXT/HTML; charset=utf-8", "text/html"},
		{"HEAD", "/Patient/bob", chrome, "text/html"},
		{"GET", "/Patient/nobody", chrome, "text/html"},
		{"GET", "/Nothing", chrome, "text/html"},
		{"GET", "/Patient/bob?_format=html", "", "text/html"},
		{"GET", "/Patient/bob?_format=text/html", "application/fhir+json", "text/html"},
		{"GET", "/Patient/bob?_format=text%2Fhtml", "*/*", "text/html"},
		{"POST", "/Patient/_search", chrome, "text/html"},
		{"GET", "/Patient/bob?_format=json", chrome, "application/fhir+json"},
		{"GET", "/Patient/bob?_format=xml", chrome, "application/fhir+xml"},
		{"GET", "/Patient/bob", "", "application/fhir+json"},
		{"GET", "/Patient/bob", "*/*", "application/fhir+json"},
		{"GET", "/Patient/bob", "text/*", "application/fhir+json"},
		{"GET", "/Patient/bob", "application/json, text/plain, */*", "application/fhir+json"},
		{"GET", "/Patient/bob", "application/fhir+json, text/html", "application/fhir+json"},
		{"GET", "/Patient/bob", "text/html, application/fhir+json", "application/fhir+json"},
		{"GET", "/Patient/bob", "text/html;q=0.9, application/fhir+json", "application/fhir+json"},
		{"GET", "/Patient/bob", "text/html, application/fhir+json;q=0.9", "text/html"},
		{"GET", "/Patient/bob", "text/html;q=0, */*", "application/fhir+json"},
		{"GET", "/Patient/bob", "text/html;q=x, application/fhir+xml", "application/fhir+xml"},
		{"PUT", "/Patient/bob", chrome, "application/xml"},
		{"POST", "/Patient", chrome, "application/xml"},
	} {
		r := httptest.NewRequest(test.method, "/fhir"+test.path, strings.NewReader(bob))
		r.Header.Set("Content-Type", "application/fhir+json")
		if test.method == http.MethodPost && strings.HasSuffix(test.path, "_search") {
			r.Body = io.NopCloser(strings.NewReader("name=bob"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if test.accept != "" {
			r.Header.Set("Accept", test.accept)
		}
		w := httptest.NewRecorder()
		rest.NewHandler(store, nil).ServeHTTP(w, r)
		got, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
		require.Equal(t, test.want, got, "%s %s for %s", test.method, test.path, test.accept)
		require.Contains(t, w.Header().Values("Vary"), "Accept")
	}
}

// TestPagesWhereMounted has the links of pages lead to where the handler is reached.
func TestPagesWhereMounted(t *testing.T) {
	store := storetest.Open(t, nil)
	_, err := store.Update(t.Context(), []byte(bob))
	require.NoError(t, err)
	for _, test := range []struct {
		handler    http.Handler
		path, link string
	}{
		{rest.NewHandler(store, nil), "/fhir/Patient", "/fhir/Patient/bob"},
		{http.StripPrefix("/fhir", rest.NewHandler(store, nil)), "/fhir/Patient", "/fhir/Patient/bob"},
		{rest.NewHandler(store, &rest.Options{BasePath: "a/b/"}), "/a/b/Patient", "/a/b/Patient/bob"},
		{rest.NewHandler(store, &rest.Options{BasePath: "/"}), "/Patient", "/Patient/bob"},
		{rest.NewHandler(store, &rest.Options{BaseURL: "https://fhir.example.org/r4/"}), "/fhir/Patient", "/r4/Patient/bob"},
	} {
		r := httptest.NewRequest("GET", test.path+"?_count=1", nil)
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		test.handler.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code, test.path)
		require.Contains(t, w.Body.String(), `<a href="`+test.link+`"`)
		require.Contains(t, w.Body.String(), strings.TrimSuffix(test.link, "/bob")+`?_count=1&amp;_format=json`)
	}
}
