package browse_test

import (
	"flag"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/golden"
	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("rewrite", false, "write the pages of testdata anew")

// changing is what differs from run to run: durations, page tokens, and the memory of the
// index.
var changing = regexp.MustCompile(`[0-9.]+(?:µs|ms|ns|s)\b|_page=[A-Za-z0-9_-]+|[0-9.]+ [KM]?B\b|(?s:<tbody>.{0,100}<tr><td>[A-Z].*?</tbody>)`)

// TestPages compares the contents of pages with files that are looked at.
func TestPages(t *testing.T) {
	s := story(t)
	for name, path := range map[string]string{
		"patient": "/Patient/ann", "version": "/Patient/ann/_history/2", "xml": "/Patient/ann?:view=xml", "history": "/Patient/ann/_history",
		"timeline": "/Patient/ann?:view=timeline", "curves": "/Patient/ann?:view=curves", "note": "/DocumentReference/d1",
		"search": "/Observation?code=http://loinc.org|4548-4&_sort=-date&_count=2&_include=Observation:subject&_explain=true", "compartment": "/Patient/ann/*?_count=5",
		"system": "/_history?_count=5", "bob": "/Patient/bob/_history",
	} {
		t.Run(name, func(t *testing.T) {
			page := s.page(path)
			content := page[strings.Index(page, "<main"):strings.Index(page, "</main>")]
			if name == "note" {
				content, _, _ = strings.Cut(content, `<div class="title">`) // its JSON is long
			}
			golden.Text(t, filepath.Join("testdata", name+".html"), *rewrite, changing.ReplaceAllString(content, "…")+"</main>\n")
		})
	}
	s.page("/metadata")
	s.page("/Patient")
}

// TestStart has the start page tell what the store holds.
func TestStart(t *testing.T) {
	s := story(t)
	page := s.page("")
	for _, want := range []string{
		"<h1>What the store holds</h1>", `<a href="/fhir/Observation">Observation</a></th><td class="number">6</td>`, `<a href="/fhir/Patient">Patient</a></th><td class="number">1</td>`,
		"<dt>Versions</dt><dd>21</dd>", "<dt>Memory of the index</dt>", "Search parameters by memory", `<a href="/fhir/Patient/_history" aria-label="History of Patient">`, `<form id="search" action="/fhir/"`,
	} {
		require.Contains(t, page, want)
	}
	require.Contains(t, newSite(t, 0).page("/"), "types without resources")
}

// TestErrorsArePages has errors be pages with the status and the headers of the API.
func TestErrorsArePages(t *testing.T) {
	s := story(t)
	for path, status := range map[string]int{
		"/Nothing": 404, "/Patient/nobody": 404, "/Patient/bob": 410, "/Patient?nonsense=1": 400, "/Patient?name=%zz": 400, "/Patient/ann/Patient/ann/x": 404,
		"/Patient//x": 404, "/$nonsense": 501, "/Patient?:go=x": 400, "/?:go=../../evil": 400, "/Patient?:value=x&:name=": 400, "/Patient/ann?:name=name&:value=x": 404,
		"/Patient/ann/_history/7": 404, "/Patient/" + strings.Repeat("x", 65): 404,
	} {
		w := s.do("GET", path, "")
		require.Equal(t, status, w.Code, path)
		s.check(w)
	}
	w := s.do("GET", "/Patient/bob", "")
	require.Contains(t, w.Body.String(), `href="/fhir/Patient/bob/_history"`)
}

// TestHead has HEAD answer as GET does.
func TestHead(t *testing.T) {
	s := story(t)
	w := s.do("HEAD", "/Patient/ann", "")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
}

// TestConditionsOfCaches has a page come whole, whatever a cache knows of the JSON.
func TestConditionsOfCaches(t *testing.T) {
	s := story(t)
	require.Equal(t, http.StatusOK, s.do("GET", "/Patient/ann", "", `If-None-Match: W/"3"`).Code)
}

// TestForm has the form lead to the search that it asks for, without a script.
func TestForm(t *testing.T) {
	s := story(t)
	for path, location := range map[string]string{
		"/Patient?:name=name:exact&:value=Smith&:name=&:value=&_sort=-birthdate&_count=": "/fhir/Patient?name:exact=Smith&_sort=-birthdate",
		"/Patient?:name=birthdate&:value=ge1980&:name=birthdate&:value=lt1990":           "/fhir/Patient?birthdate=ge1980&birthdate=lt1990",
		"/Observation?:name=code&:value=http://loinc.org|4548-4,x%26y&_explain=true":     "/fhir/Observation?code=http://loinc.org%7C4548-4,x%26y&_explain=true",
		"/Patient/ann/Observation?:name=code&:value=x":                                   "/fhir/Patient/ann/Observation?code=x",
		"/Patient?:name=&:value=":                   "/fhir/Patient",
		"/?:name=&:value=":                          "/fhir/?_count=20",
		"/?:go=Patient":                             "/fhir/Patient",
		"/?:go=%20/Patient/ann%20":                  "/fhir/Patient/ann",
		"/?:go=Patient?name=o%27hara":               "/fhir/Patient?name=o%27hara",
		"/?:go=http://example.com/fhir/Patient/ann": "/fhir/Patient/ann",
		"/?:go=Patient/%0d%0aLocation:x":            "/fhir/Patient/%0D%0ALocation:x",
	} {
		w := s.do("GET", path, "")
		require.Equal(t, http.StatusSeeOther, w.Code, path)
		require.Equal(t, location, w.Header().Get("Location"), path)
	}
	for _, goal := range []string{"http://evil.example/Patient", "//evil.example", `\\evil.example`, "javascript:alert(1)", "", "nothing", "/fhir/", "Patient?%zz"} {
		w := s.do("GET", "/?:go="+goal, "")
		require.NotEqual(t, http.StatusSeeOther, w.Code, goal)
		require.Empty(t, w.Header().Get("Location"), goal)
	}
	page := s.page("/Patient?name:exact=Smith&_sort=-birthdate")
	require.Contains(t, page, `name=":name" list="parameters" value="name:exact"`)
	require.Contains(t, page, `name=":value" value="Smith"`)
	require.Contains(t, page, `name="_sort" list="sorts" value="-birthdate"`)
	require.Contains(t, page, `<option value="birthdate" label="date">`)
	require.Contains(t, page, `<option value="general-practitioner:identifier" label="reference">`)
}

// TestSearchByPost has a search whose query is in the body be a page too.
func TestSearchByPost(t *testing.T) {
	s := story(t)
	w := s.do("POST", "/Patient/_search", "name=smith", "Content-Type: application/x-www-form-urlencoded")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Contains(t, s.check(w), `href="/fhir/Patient/ann"`)
}

// TestTimelineByPages has a timeline show each event, whatever else is on its day.
func TestTimelineByPages(t *testing.T) {
	s := newSite(t, 0, `{"resourceType":"Patient","id":"p"}`)
	for i := range 350 {
		s.put(fmt.Sprintf(`{"resourceType":"Encounter","id":"e%d","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},"period":{"start":"2020-03-%02dT%02d:00:00Z"}}`, i, i/60+1, i%24))
		s.put(fmt.Sprintf(`{"resourceType":"Procedure","id":"p%d","status":"completed","code":{"text":"x"},"subject":{"reference":"Patient/p"},"performedDateTime":"20%02d"}`, i, i/10))
	}
	seen, path := map[string]bool{}, "/Patient/p?:view=timeline"
	event, next := regexp.MustCompile(`<span><a href="/fhir/(\w+/\w+)">`), regexp.MustCompile(`<a href="/fhir([^"]*)" rel="next">What`)
	for range 50 {
		page := s.page(path)
		for _, m := range event.FindAllStringSubmatch(page, -1) {
			seen[m[1]] = true
		}
		found := next.FindStringSubmatch(page)
		if found == nil {
			break
		}
		path = strings.ReplaceAll(found[1], "&amp;", "&")
	}
	require.Len(t, seen, 700)
}

// TestPaging follows the links of pages from the first to the last.
func TestPaging(t *testing.T) {
	s := story(t)
	next := regexp.MustCompile(`<a href="/fhir([^"]*)" rel="next">`)
	path, seen := "/Observation?_count=2", 0
	for range 10 {
		page := s.page(path)
		seen += strings.Count(page, `<th scope="row"><a href="/fhir/Observation/`)
		found := next.FindStringSubmatch(page)
		if found == nil {
			break
		}
		path = strings.ReplaceAll(found[1], "&amp;", "&")
	}
	require.GreaterOrEqual(t, seen, 6)
}
