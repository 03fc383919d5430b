package browse_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest/internal/browse"
	"github.com/fhirlake/fhirlake/search"
	"github.com/stretchr/testify/require"
)

// TestCallerAsks has every page be made of requests of its caller: with the caller's
// headers, for what the page is about, and for nothing where the API says no.
func TestCallerAsks(t *testing.T) {
	s := story(t)
	asked := 0
	guard := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		require.Equal(t, "Bearer x", r.Header.Get("Authorization"))
		require.Contains(t, []string{"application/fhir+json", "application/fhir+xml"}, r.Header.Get("Accept"))
		require.Empty(t, r.Header.Get("If-None-Match"))
		require.Empty(t, r.Header.Get("Accept-Encoding"))
		if strings.Contains(r.URL.Path, "/Condition") || strings.HasSuffix(r.URL.Path, "/Encounter/e1") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		s.handler.ServeHTTP(w, r)
	})
	s2 := &site{t: t, handler: browse.New(guard, browse.Options{
		Root: "/fhir", Base: func(*http.Request) string { return base }, Parameters: func(string) []search.Parameter { return nil }, Stats: s.store.Stats,
	})}
	for _, path := range []string{"", "/Patient", "/Patient/ann", "/Patient/ann?:view=xml", "/Patient/ann?:view=timeline", "/Patient/ann?:view=curves", "/Patient/ann/_history?_count=1", "/DocumentReference/d1", "/metadata"} {
		asked = 0
		w := s2.do("GET", path, "", "Authorization: Bearer x", `If-None-Match: W/"3"`, "Accept-Encoding: gzip")
		require.Equal(t, http.StatusOK, w.Code, path)
		page := s2.check(w)
		require.Positive(t, asked)
		require.NotContains(t, page, "Flu")
		if path == "" {
			require.NotContains(t, page, `href="/fhir/Condition"`)
			require.NotContains(t, page, "Memory of the index")
		}
	}
	w := s2.do("GET", "/Encounter/e1", "", "Authorization: Bearer x")
	require.Equal(t, http.StatusForbidden, w.Code)
	require.NotContains(t, w.Body.String(), "ambulatory")
	s2.check(w)
}

// TestUnauthorized has a refusal of the API be the page's own, with its challenge.
func TestUnauthorized(t *testing.T) {
	for _, path := range []string{"", "/Patient", "/Patient/1?:view=timeline"} {
		api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"login","diagnostics":"who are you?"}]}`))
		})
		s := &site{t: t, handler: browse.New(api, browse.Options{Root: "/fhir", Base: func(*http.Request) string { return base }, Parameters: func(string) []search.Parameter { return nil }})}
		w := s.do("GET", path, "")
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
		require.Contains(t, s.check(w), "who are you?")
	}
}

// TestAnswersThatBreak has answers that are cut, no JSON, or too long be pages of errors.
func TestAnswersThatBreak(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"aborted":  func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"resource`)); panic(http.ErrAbortHandler) },
		"cut":      func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"resourceType":"Patient"`)) },
		"no JSON":  func(w http.ResponseWriter) { _, _ = w.Write([]byte("\x00\xff")) },
		"empty":    func(w http.ResponseWriter) {},
		"accepted": func(w http.ResponseWriter) { w.WriteHeader(http.StatusAccepted) },
		"too long": func(w http.ResponseWriter) {
			for range 40 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w) })
			s := &site{t: t, handler: browse.New(api, browse.Options{Root: "/fhir", Base: func(*http.Request) string { return base }, Parameters: func(string) []search.Parameter { return nil }})}
			for _, path := range []string{"/Patient/1", "/Patient", "/Patient/1/_history", "/metadata", "/Patient/1?:view=curves"} {
				s.check(s.do("GET", path, ""))
			}
		})
	}
}

// TestModifiers has the form offer the modifiers that the search takes, and no others.
func TestModifiers(t *testing.T) {
	s := story(t)
	for _, typ := range []string{"Patient", "Observation", "Encounter", "ValueSet", "RiskAssessment"} {
		for _, p := range s.store.Parameters(typ) {
			for modifier, value := range map[string]string{
				"exact": "x", "contains": "x", "text": "x", "not": "true", "in": "http://x", "not-in": "http://x", "above": "http://x", "below": "http://x", "of-type": "a|b|c", "identifier": "a", "missing": "true",
			} {
				w := s.do("GET", "/"+typ+"?"+p.Code+":"+modifier+"="+url.QueryEscape(value), "", "Accept: application/fhir+json")
				taken := w.Code == http.StatusOK || strings.Contains(w.Body.String(), "that is not in the store")
				require.Equal(t, taken, slices.Contains(browse.Modifiers(typ, p.Code), modifier), "%s?%s:%s (%s): %s", typ, p.Code, modifier, p.Type, w.Body)
			}
		}
	}
}

func BenchmarkPages(b *testing.B) {
	s := story(b)
	for _, path := range []string{"/", "/Patient/ann", "/Patient", "/Patient/ann/_history", "/Patient/ann?:view=timeline", "/Patient/ann?:view=curves", "/DocumentReference/d1", "/metadata"} {
		b.Run(strings.ReplaceAll(path[1:]+"|", "/", "-"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("GET", base+path, nil)
				r.Header.Set("Accept", browser)
				s.handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
