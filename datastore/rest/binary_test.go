package rest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore/rest"
)

// raw sends a request and returns the answer with its body, which need not be FHIR's.
func (c *client) raw(method, path, body string, headers ...string) (*http.Response, string) {
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
	return response, string(got)
}

// A Binary goes in and comes out as what it holds.
func TestBinary(t *testing.T) {
	c := newClient(t, nil)
	content := "\x00\x01\xff" + strings.Repeat("x", 1000)
	a := c.must(http.StatusCreated, "PUT", "/Binary/b", content, "Content-Type: application/octet-stream", "X-Security-Context: Patient/1")
	require.Contains(t, a.body, `"contentType":"application/octet-stream","securityContext":{"reference":"Patient/1"},"data":"AAH/eH`)
	for _, accept := range []string{"", "*/*", "application/octet-stream", "image/*"} {
		r, got := c.raw("GET", "/Binary/b", "", "Accept: "+accept)
		require.Equal(t, http.StatusOK, r.StatusCode)
		require.Equal(t, content, got, accept)
		require.Equal(t, "application/octet-stream", r.Header.Get("Content-Type"))
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "sandbox")
		require.Equal(t, `W/"1"`, r.Header.Get("ETag"))
	}
	require.Contains(t, c.must(http.StatusOK, "GET", "/Binary/b", "", "Accept: application/fhir+json").body, `"data":"AAH/`)
	require.Contains(t, c.must(http.StatusOK, "GET", "/Binary/b", "", "Accept: application/fhir+xml").xml, `<data value="AAH/`)
	require.Contains(t, c.must(http.StatusOK, "GET", "/Binary/b?_format=json", "").body, `"data":"AAH/`)
	require.Contains(t, c.must(http.StatusOK, "GET", "/Binary/b/_history/1", "", "Accept: application/json").body, `"data":"AAH/`)
	r, _ := c.raw("GET", "/Binary/b", "", `If-None-Match: W/"1"`)
	require.Equal(t, http.StatusNotModified, r.StatusCode)

	a = c.must(http.StatusCreated, "POST", "/Binary", "Grüße", "Content-Type: text/plain; charset=utf-8")
	r, got := c.raw("GET", a.header.Get("Location")[len(c.base):], "")
	require.Equal(t, "Grüße", got)
	require.Equal(t, "text/plain; charset=utf-8", r.Header.Get("Content-Type"))

	a = c.must(http.StatusCreated, "POST", "/Binary", "<script>alert(1)</script>", "Content-Type: text/html")
	r, _ = c.raw("GET", a.header.Get("Location")[len(c.base):], "")
	require.Equal(t, "attachment", r.Header.Get("Content-Disposition"))

	for _, kind := range []string{"application/json", "application/fhir+json"} {
		a := c.must(http.StatusCreated, "PUT", "/Binary/r", `{"resourceType":"Binary","id":"r","contentType":"text/plain","data":"YQ=="}`, "Content-Type: "+kind)
		require.Contains(t, a.body, `"data":"YQ=="`)
		c.must(http.StatusNoContent, "DELETE", "/Binary/r", "")
	}
	a = c.must(http.StatusCreated, "POST", "/Binary", `{"a":1}`, "Content-Type: application/json")
	require.Contains(t, a.body, `"data":"eyJhIjoxfQ=="`)
	a = c.must(http.StatusCreated, "POST", "/Binary", `<a/>`, "Content-Type: application/xml")
	require.Contains(t, a.body, `"data":"PGEvPg=="`)
	a = c.must(http.StatusCreated, "POST", "/Binary", ``, "Content-Type: text/plain")
	require.NotContains(t, a.body, `"data"`)
	c.must(http.StatusUnsupportedMediaType, "POST", "/Binary", `x`, "Content-Type: ;;")
	c.must(http.StatusUnsupportedMediaType, "POST", "/Patient", `x`, "Content-Type: text/plain")
}

// A body may be compressed. What it unpacks to is bounded.
func TestCompressedBodies(t *testing.T) {
	c := newClient(t, &rest.Options{MaxBodySize: 10 << 10})
	pack := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return b.String()
	}
	c.must(http.StatusCreated, "POST", "/Patient", pack(ann), "Content-Encoding: gzip")
	c.must(http.StatusCreated, "POST", "/Patient", ann, "Content-Encoding: identity")
	c.must(http.StatusRequestEntityTooLarge, "POST", "/Patient", pack(`{"resourceType":"Patient"`+strings.Repeat(" ", 10<<20)+"}"), "Content-Encoding: gzip")
	c.must(http.StatusBadRequest, "POST", "/Patient", ann, "Content-Encoding: gzip")
	packed := pack(ann)
	c.must(http.StatusBadRequest, "POST", "/Patient", packed[:len(packed)-5], "Content-Encoding: gzip")
	c.must(http.StatusUnsupportedMediaType, "POST", "/Patient", ann, "Content-Encoding: br")
}
