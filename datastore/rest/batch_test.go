package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// bundleOf writes a Bundle from entries.
func bundleOf(kind string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
}

const (
	postAnn   = `{"fullUrl":"urn:uuid:0a","resource":` + ann + `,"request":{"method":"POST","url":"Patient"}}`
	putBob    = `{"resource":` + bob + `,"request":{"method":"PUT","url":"Patient/bob"}}`
	getBob    = `{"request":{"method":"GET","url":"Patient/bob"}}`
	deleteOld = `{"request":{"method":"DELETE","url":"Patient/old"}}`
	findAnn   = `{"request":{"method":"GET","url":"Patient?family=ann"}}`
	observe   = `{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:0a"}},` +
		`"request":{"method":"POST","url":"Observation"}}`
	postBad = `{"resource":{"resourceType":"Patient","nickname":"x"},"request":{"method":"POST","url":"Patient"}}`
	putBad  = `{"resource":` + bob + `,"request":{"method":"PUT","url":"Patient/bob","ifMatch":"W/\"9\""}}`
	getNone = `{"request":{"method":"GET","url":"Patient/nobody"}}`
	patch   = `{"request":{"method":"PATCH","url":"Patient/bob"}}`
)

func statuses(b bundle) []string {
	var all []string
	for _, e := range b.Entry {
		all = append(all, e.Response.Status)
	}
	return all
}

func TestTransaction(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/old", `{"resourceType":"Patient","id":"old"}`)
	b := c.must(http.StatusOK, "POST", "/", bundleOf("transaction", getBob, observe, putBob, findAnn, postAnn, deleteOld)).bundle(t)
	require.Equal(t, "transaction-response", b.Type)
	require.Equal(t, []string{"200 OK", "201 Created", "201 Created", "200 OK", "201 Created", "204 No Content"}, statuses(b))
	require.Equal(t, "bob", b.Entry[0].Resource["id"], "GETs come last")
	require.EqualValues(t, 1, b.Entry[3].Resource["total"])
	location := b.Entry[1].Response.Location
	observation := c.must(http.StatusOK, "GET", "/"+location, "")
	annID := strings.Split(b.Entry[4].Response.Location, "/")[1]
	require.Contains(t, observation.body, `"reference":"Patient/`+annID+`"`)
	c.must(http.StatusGone, "GET", "/Patient/old", "")
}

func TestTransactionIsAtomic(t *testing.T) {
	for name, test := range map[string]struct {
		entry  string
		status int
	}{
		"invalid resource":  {postBad, 400},
		"another version":   {putBad, 412},
		"no request":        {`{"resource":` + ann + `}`, 400},
		"PATCH":             {patch, 400},
		"same twice":        {putBob, 400},
		"GET of nothing":    {getNone, 404},
		"GET of a deletion": {`{"request":{"method":"GET","url":"Patient/old"}}`, 410},
		"GET that is wrong": {`{"request":{"method":"GET","url":"Patient?nmae=x"}}`, 400},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, nil)
			c.must(201, "PUT", "/Patient/old", `{"resourceType":"Patient","id":"old"}`)
			entries := []string{postAnn, observe, deleteOld, test.entry}
			if name == "same twice" {
				entries = append(entries, putBob)
			}
			c.must(test.status, "POST", "", bundleOf("transaction", entries...))
			require.Equal(t, 1, len(c.must(http.StatusOK, "GET", "/_history", "").bundle(t).Entry), "nothing was stored")
		})
	}
}

func TestBatch(t *testing.T) {
	c := newClient(t, nil)
	b := c.must(http.StatusOK, "POST", "", bundleOf("batch", postAnn, postBad, putBob, getNone, putBad, getBob, patch)).bundle(t)
	require.Equal(t, "batch-response", b.Type)
	require.Equal(t, []string{
		"201 Created", "400 Bad Request", "201 Created", "404 Not Found", "412 Precondition Failed", "200 OK", "400 Bad Request",
	}, statuses(b))
	require.Equal(t, 2, *c.must(http.StatusOK, "GET", "/Patient", "").bundle(t).Total)
}

func TestEmptyBundles(t *testing.T) {
	c := newClient(t, nil)
	for _, kind := range []string{"batch", "transaction"} {
		b := c.must(http.StatusOK, "POST", "", `{"resourceType":"Bundle","type":"`+kind+`"}`).bundle(t)
		require.Equal(t, kind+"-response", b.Type)
	}
}
