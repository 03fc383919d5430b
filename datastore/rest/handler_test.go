package rest_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// expand puts the base into what a test expects.
func expand(text, base string) string { return strings.Replace(text, "BASE", base, 1) }

// TestMounting has the same answer come from the handler itself, behind
// StripPrefix, at another path, and behind a proxy.
func TestMounting(t *testing.T) {
	store := storetest.Open(t, nil)
	tests := []struct {
		name     string
		handler  http.Handler
		path     string
		location string
	}{
		{"direct", rest.NewHandler(store, nil), "/fhir/Patient", "http://example.com/fhir/Patient/"},
		{"stripped", http.StripPrefix("/fhir", rest.NewHandler(store, nil)), "/fhir/Patient", "http://example.com/fhir/Patient/"},
		{"elsewhere", rest.NewHandler(store, &rest.Options{BasePath: "a/b/"}), "/a/b/Patient", "http://example.com/a/b/Patient/"},
		{"at the root", rest.NewHandler(store, &rest.Options{BasePath: "/"}), "/Patient", "http://example.com/Patient/"},
		{"behind a proxy", rest.NewHandler(store, &rest.Options{BaseURL: "https://fhir.example.org/r4/"}), "/fhir/Patient", "https://fhir.example.org/r4/Patient/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "http://example.com"+test.path, strings.NewReader(ann))
			w := httptest.NewRecorder()
			test.handler.ServeHTTP(w, r)
			require.Equal(t, http.StatusCreated, w.Code, w.Body)
			require.Regexp(t, "^"+test.location+"[^/]+/_history/1$", w.Header().Get("Location"))
		})
	}
}

func TestGzip(t *testing.T) {
	c := newClient(t, nil)
	r, err := http.NewRequest("GET", c.base+"/metadata", nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "gzip")
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "gzip", response.Header.Get("Content-Encoding"))
	require.Contains(t, response.Header.Values("Vary"), "Accept-Encoding")
}

// TestPanic has the handler itself go wrong, by way of a body that panics.
func TestPanic(t *testing.T) {
	store := storetest.Open(t, nil)
	var log bytes.Buffer
	h := rest.NewHandler(store, &rest.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/fhir/Patient", panicking{}))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	requireValid(t, w.Body.Bytes())
	require.NotContains(t, w.Body.String()+log.String(), "secret")
	require.Contains(t, log.String(), "rest: panic")
}

// panicking is a body whose reading panics with patient data.
type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("secret") }

func TestClosedStore(t *testing.T) {
	c := newClient(t, nil)
	require.NoError(t, c.store.Close())
	c.must(http.StatusServiceUnavailable, "GET", "/Patient/1", "")
	c.must(http.StatusServiceUnavailable, "POST", "/Patient", ann)
	c.must(http.StatusServiceUnavailable, "GET", "/Patient?name=x", "")
}

// TestCancelled has the context of the request reach the store.
func TestCancelled(t *testing.T) {
	c := newClient(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/fhir/Patient", strings.NewReader(ann)).WithContext(ctx)
	rest.NewHandler(c.store, nil).ServeHTTP(w, r)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NoError(t, func() error { _, err := io.Copy(io.Discard, w.Body); return err }())
	require.Zero(t, *c.must(http.StatusOK, "GET", "/Patient", "").bundle(t).Total)
}
