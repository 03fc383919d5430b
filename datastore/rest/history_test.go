package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// told is a history in short: POST Patient 1, …
func told(b bundle) []string {
	var all []string
	for _, e := range b.Entry {
		version := strings.Trim(strings.TrimPrefix(e.Response.ETag, "W/"), `"`)
		all = append(all, e.Request.Method+" "+e.Request.URL+" "+version)
	}
	return all
}

func TestHistory(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "POST", "/Patient", ann) // 07:08:09.5
	c.must(201, "PUT", "/Patient/bob", bob)
	c.must(200, "PUT", "/Patient/bob", bob) // 07:08:11.5
	c.must(201, "POST", "/Organization", `{"resourceType":"Organization","name":"O"}`)
	c.must(204, "DELETE", "/Patient/bob", "")
	tests := []struct {
		path string
		want []string
	}{
		{"/Patient/bob/_history", []string{"DELETE Patient/bob 3", "PUT Patient/bob 2", "PUT Patient/bob 1"}},
		{"/Patient/_history", []string{"DELETE Patient/bob 3", "PUT Patient/bob 2", "PUT Patient/bob 1", "POST Patient 1"}},
		{"/_history", []string{"DELETE Patient/bob 3", "POST Organization 1", "PUT Patient/bob 2", "PUT Patient/bob 1", "POST Patient 1"}},
		{"/_history?_since=2024-05-06T07:08:12Z", []string{"DELETE Patient/bob 3", "POST Organization 1"}},
		{"/_history?_since=2024-05-06T09:08:12.5%2B02:00", []string{"DELETE Patient/bob 3", "POST Organization 1"}},
		{"/Patient/_history?_since=2024-05-06T07:08:11.5Z&_format=json", []string{"DELETE Patient/bob 3", "PUT Patient/bob 2"}},
		{"/_history?_since=2024-05-06T07:08:60Z", nil},
		{"/Observation/_history", nil},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			c.t = t
			b := c.must(http.StatusOK, "GET", test.path, "").bundle(t)
			require.Equal(t, "history", b.Type)
			require.Equal(t, test.want, told(b))
			require.Equal(t, len(test.want), *b.Total)
			again := c.must(http.StatusOK, "GET", c.link(b, "self"), "").bundle(t)
			require.Equal(t, test.want, told(again), "self leads back")
		})
	}
	b := c.must(http.StatusOK, "GET", "/Patient/bob/_history", "").bundle(t)
	require.Equal(t, c.base+"/Patient/bob", b.Entry[0].FullURL)
	require.Nil(t, b.Entry[0].Resource)
	require.Equal(t, "204 No Content", b.Entry[0].Response.Status)
	require.Equal(t, "bob", b.Entry[1].Resource["id"])
	require.Equal(t, "2024-05-06T07:08:11.5Z", b.Entry[1].Response.LastModified)
	c.must(http.StatusOK, "GET", "/Patient/bob/_history?x=1", "", "Prefer: handling=lenient")
}

// TestHistoryPages has pages fit together while others write.
func TestHistoryPages(t *testing.T) {
	c := newClient(t, nil)
	for range 7 {
		c.do("PUT", "/Patient/bob", bob)
	}
	var versions []string
	pages := 0
	for path := "/Patient/_history?_count=3"; path != ""; pages++ {
		b := c.must(http.StatusOK, "GET", path, "").bundle(t)
		versions = append(versions, told(b)...)
		path = c.link(b, "next")
		c.must(200, "PUT", "/Patient/bob", bob)
	}
	require.Equal(t, 3, pages)
	require.Equal(t, []string{
		"PUT Patient/bob 7", "PUT Patient/bob 6", "PUT Patient/bob 5", "PUT Patient/bob 4",
		"PUT Patient/bob 3", "PUT Patient/bob 2", "PUT Patient/bob 1",
	}, versions)
}

// TestHistoryTokens has tokens be good for the history that gave them alone.
func TestHistoryTokens(t *testing.T) {
	c := newClient(t, nil)
	for range 3 {
		c.do("PUT", "/Patient/bob", bob)
	}
	next := c.link(c.must(http.StatusOK, "GET", "/Patient/bob/_history?_count=2", "").bundle(t), "next")
	path, token, ok := strings.Cut(next, "_page=")
	require.True(t, ok)
	c.must(http.StatusOK, "GET", next, "")
	for name, path := range map[string]string{
		"another history":  "/Patient/_history?_page=" + token,
		"the whole store":  "/_history?_page=" + token,
		"another time":     next + "&_since=2024-01-01T00:00:00Z",
		"an ordinal":       path + "_page=2",
		"turned":           path + "_page=" + token[1:] + token[:1],
		"a search's place": "/Patient?_count=2&_page=" + token,
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.must(http.StatusBadRequest, "GET", path, "")
		})
	}
}
