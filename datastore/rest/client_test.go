package rest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirxml"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// A client speaks to a handler over a new store.
type client struct {
	t     *testing.T
	store *datastore.Store
	base  string // http://127.0.0.1:port/fhir
}

// start is the time of the first record of every test's store, and each record is
// a second later than the one before.
var start = time.Date(2024, 5, 6, 7, 8, 9, 500_000_000, time.UTC)

// newClient serves a new store with ids that count up: n1, n2, …
func newClient(t *testing.T, opts *rest.Options) *client {
	t.Helper()
	store := storetest.Open(t, &datastore.Options{NewID: storetest.IDs("n"), Now: storetest.Clock(start)})
	server := httptest.NewServer(rest.NewHandler(store, opts))
	t.Cleanup(server.Close)
	return &client{t: t, store: store, base: server.URL + "/fhir"}
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string // JSON, made of XML where the answer was XML
	xml    string // the answer if it was XML
}

// do sends a request to a path below the base. Headers are "Name: value"; a body
// is of FHIR's JSON unless they say otherwise. What every answer must be is
// checked here.
func (c *client) do(method, path, body string, headers ...string) answer {
	c.t.Helper()
	if body != "" {
		headers = append([]string{"Content-Type: application/fhir+json"}, headers...)
	}
	response, got := c.send(method, path, body, headers...)
	a := answer{status: response.StatusCode, header: response.Header, body: string(got)}
	require.Equal(c.t, "nosniff", a.header.Get("X-Content-Type-Options"))
	if len(got) > 0 {
		require.Regexp(c.t, `^application/(fhir\+)?(json|xml); charset=utf-8$`, a.header.Get("Content-Type"))
		if strings.Contains(a.header.Get("Content-Type"), "xml") {
			a.xml = a.body
			text, err := fhirxml.AppendJSON(nil, got)
			require.NoError(c.t, err)
			got, a.body = text, string(text)
		}
		requireValid(c.t, got)
	}
	if a.status >= 400 && method != http.MethodHead {
		require.Contains(c.t, strings.ReplaceAll(a.body, " ", ""), `"resourceType":"OperationOutcome"`)
	}
	return a
}

// must is do for what has to end with a status.
func (c *client) must(status int, method, path, body string, headers ...string) answer {
	c.t.Helper()
	a := c.do(method, path, body, headers...)
	require.Equal(c.t, status, a.status, "%s %s: %s", method, path, a.body)
	return a
}

// requireValid checks that JSON is a FHIR R4 resource by the project's own strict
// parser.
func requireValid(t *testing.T, resource []byte) {
	t.Helper()
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse(resource, &doc, nil), "%.2000s", resource)
}

// A bundle is what tests look at in one.
type bundle struct {
	Type  string
	Total *int
	Link  []struct{ Relation, URL string }
	Entry []struct {
		FullURL  string
		Resource map[string]any
		Search   struct{ Mode string }
		Request  struct{ Method, URL string }
		Response struct{ Status, Location, ETag, LastModified string }
	}
}

func (a answer) bundle(t *testing.T) bundle {
	t.Helper()
	var b bundle
	require.NoError(t, json.Unmarshal([]byte(a.body), &b, json.MatchCaseInsensitiveNames(true)))
	return b
}

// link returns the path below the base that a link of a bundle leads to, "" where
// there is none.
func (c *client) link(b bundle, relation string) string {
	c.t.Helper()
	for _, l := range b.Link {
		if l.Relation == relation {
			path, ok := strings.CutPrefix(l.URL, c.base)
			require.True(c.t, ok, "a link is absolute: %s", l.URL)
			return path
		}
	}
	return ""
}

// fullURLs are the addresses of the entries below the base.
func (c *client) fullURLs(b bundle) []string {
	var urls []string
	for _, e := range b.Entry {
		urls = append(urls, strings.TrimPrefix(e.FullURL, c.base+"/"))
	}
	return urls
}

// send sends a request and reads the answer, without a look at it.
func (c *client) send(method, path, body string, headers ...string) (*http.Response, []byte) {
	c.t.Helper()
	r, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	require.NoError(c.t, err)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return response, got
}
