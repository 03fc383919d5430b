package rest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore/rest"
)

// identified returns a patient with an identifier and a family name.
func identified(identifier, family string) string {
	return `{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"` + identifier + `"}],"name":[{"family":"` + family + `"}]}`
}

func TestConditionalUpdate(t *testing.T) {
	c := newClient(t, nil)
	a := c.must(http.StatusCreated, "PUT", "/Patient?identifier=urn:x%7C1", identified("1", "A"))
	require.Equal(t, `W/"1"`, a.header.Get("ETag"))
	location := a.header.Get("Location")
	a = c.must(http.StatusOK, "PUT", "/Patient?identifier=urn:x%7C1&_format=json&_pretty=true", identified("1", "B"))
	require.Contains(t, a.body, "\"family\": \"B\"")
	require.Equal(t, location[:len(location)-1]+"2", a.header.Get("Location"))
	c.must(http.StatusOK, "PUT", "/Patient?identifier=urn:x%7C1", identified("1", "C"), `If-Match: W/"2"`, "Prefer: return=minimal")
	c.must(http.StatusPreconditionFailed, "PUT", "/Patient?identifier=urn:x%7C1", identified("1", "D"), `If-Match: W/"2"`)

	c.must(http.StatusCreated, "PUT", "/Patient/own", `{"resourceType":"Patient","id":"own","identifier":[{"system":"urn:x","value":"1"}]}`)
	c.must(http.StatusPreconditionFailed, "PUT", "/Patient?identifier=urn:x%7C1", identified("1", "E")) // finds two
	for name, test := range map[string]struct {
		path, body string
		headers    []string
		status     int
	}{
		"no condition":         {"/Patient", identified("1", "A"), nil, 400},
		"nothing but a form":   {"/Patient?_format=json", identified("1", "A"), nil, 400},
		"an empty condition":   {"/Patient?identifier=", identified("1", "A"), nil, 400},
		"an unknown parameter": {"/Patient?idntifier=1", identified("1", "A"), nil, 400},
		"a page":               {"/Patient?identifier=1&_page=x", identified("1", "A"), nil, 400},
		"another type":         {"/Patient?identifier=9", `{"resourceType":"Basic","code":{"text":"x"}}`, nil, 400},
		"another id":           {"/Patient?_id=own", `{"resourceType":"Patient","id":"other"}`, nil, 400},
		"an id that is taken":  {"/Patient?identifier=9", `{"resourceType":"Patient","id":"own"}`, nil, 412},
		"If-None-Match":        {"/Patient?identifier=9", identified("9", "A"), []string{"If-None-Match: *"}, 400},
		"X-Provenance":         {"/Patient?identifier=9", identified("9", "A"), []string{"X-Provenance: {}"}, 400},
		"an invalid resource":  {"/Patient?identifier=9", `{"resourceType":"Patient","gender":"x"}`, nil, 400},
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.must(test.status, "PUT", test.path, test.body, test.headers...)
		})
	}
	c.t = t
	require.Equal(t, 2, *c.must(http.StatusOK, "GET", "/Patient", "").bundle(t).Total)
}

func TestConditionalPatch(t *testing.T) {
	c := newClient(t, nil)
	c.must(http.StatusCreated, "POST", "/Patient", identified("1", "A"))
	c.must(http.StatusCreated, "POST", "/Patient", identified("2", "Same"))
	c.must(http.StatusCreated, "POST", "/Patient", identified("3", "Same"))
	patch := `[{"op":"replace","path":"/name/0/family","value":"B"}]`
	a := c.must(http.StatusOK, "PATCH", "/Patient?identifier=urn:x%7C1", patch, isPatch)
	require.Contains(t, a.body, `"family":"B"`)
	c.must(http.StatusPreconditionFailed, "PATCH", "/Patient?identifier=urn:x%7C1", patch, isPatch, `If-Match: W/"1"`)
	c.must(http.StatusNotFound, "PATCH", "/Patient?identifier=urn:x%7C9", patch, isPatch)
	c.must(http.StatusPreconditionFailed, "PATCH", "/Patient?family=same", patch, isPatch)
	c.must(http.StatusUnprocessableEntity, "PATCH", "/Patient?identifier=urn:x%7C1", `[{"op":"remove","path":"/gender"}]`, isPatch)
	c.must(http.StatusBadRequest, "PATCH", "/Patient", patch, isPatch)
	c.must(http.StatusUnsupportedMediaType, "PATCH", "/Patient?identifier=urn:x%7C1", patch, "Content-Type: application/json")
}

func TestConditionalDelete(t *testing.T) {
	for mode, word := range map[rest.DeleteMode]string{rest.DeleteSingle: "single", rest.DeleteMultiple: "multiple"} {
		c := newClient(t, &rest.Options{ConditionalDelete: mode})
		require.Contains(t, c.must(http.StatusOK, "GET", "/metadata", "").body, `"conditionalDelete":"`+word+`"`)
		c.must(http.StatusCreated, "POST", "/Patient", identified("1", "A"))
		c.must(http.StatusCreated, "POST", "/Patient", identified("2", "Same"))
		c.must(http.StatusCreated, "POST", "/Patient", identified("3", "Same"))
		c.must(http.StatusNoContent, "DELETE", "/Patient?identifier=urn:x%7C1", "")
		c.must(http.StatusNoContent, "DELETE", "/Patient?identifier=urn:x%7C1", "")
		require.Equal(t, 2, *c.must(http.StatusOK, "GET", "/Patient", "").bundle(t).Total)
		c.must(http.StatusBadRequest, "DELETE", "/Patient", "")
		c.must(http.StatusBadRequest, "DELETE", "/Patient?nme=x", "")
		left := 0
		if mode == rest.DeleteSingle {
			left = 2
			c.must(http.StatusPreconditionFailed, "DELETE", "/Patient?family=same", "")
		} else {
			before := c.must(http.StatusOK, "GET", "/_history", "").bundle(t)
			c.must(http.StatusBadRequest, "DELETE", "/Patient?family=same", "", `If-Match: W/"1"`)
			c.must(http.StatusNoContent, "DELETE", "/Patient?family=same", "")
			require.Len(t, c.must(http.StatusOK, "GET", "/_history", "").bundle(t).Entry, len(before.Entry)+2)
		}
		require.Equal(t, left, *c.must(http.StatusOK, "GET", "/Patient", "").bundle(t).Total)
	}
}
