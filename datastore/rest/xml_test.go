package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// XML goes in and comes out wherever JSON does.
func TestXML(t *testing.T) {
	c := newClient(t, nil)
	const sent, wanted = "Content-Type: application/fhir+xml", "Accept: application/fhir+xml"
	const cat = `<Patient xmlns="http://hl7.org/fhir"><id value="cat"/><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><b>Cat</b> &amp; co</div></text><name id="n"><family value="Cat"/></name></Patient>`
	a := c.must(http.StatusCreated, "PUT", "/Patient/cat", cat, sent)
	require.Equal(t, "application/fhir+xml; charset=utf-8", a.header.Get("Content-Type"), "the answer is in the form of the request")
	require.Contains(t, a.xml, `<meta><versionId value="1"/>`)
	require.Contains(t, a.xml, `<div xmlns="http://www.w3.org/1999/xhtml"><b>Cat</b> &amp; co</div>`)
	a = c.must(http.StatusOK, "PUT", "/Patient/cat", strings.Replace(cat, `"Cat"/`, `"Tom"/`, 1), sent, "Accept: application/fhir+json")
	require.Empty(t, a.xml)
	require.Contains(t, a.body, `"name":[{"id":"n","family":"Tom"}]`)

	for _, path := range []string{"/Patient/cat", "/Patient/cat/_history/1", "/Patient?name=tom", "/Patient/cat/_history", "/metadata", "/Patient/cat?_summary=true"} {
		a := c.must(http.StatusOK, "GET", path, "", wanted)
		require.True(t, strings.HasPrefix(a.xml, `<?xml version="1.0" encoding="UTF-8"?><`), path)
		require.Contains(t, a.header.Get("Vary"), "Accept")
	}
	require.Contains(t, c.must(http.StatusOK, "GET", "/Patient/cat?_format=xml&_pretty=true", "").xml, "\n  <id value=\"cat\"/>\n")
	require.Equal(t, 1, *c.must(http.StatusOK, "GET", "/Patient?name=tom", "", wanted).bundle(t).Total)

	a = c.must(http.StatusOK, "POST", "", `<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry><resource><Patient><name><family value="Dog"/></name></Patient></resource><request><method value="POST"/><url value="Patient"/></request></entry></Bundle>`, sent)
	require.Contains(t, a.xml, `<status value="201`)
	require.Equal(t, 1, *c.must(http.StatusOK, "GET", "/Patient?name=dog", "").bundle(t).Total)
	require.Contains(t, c.must(http.StatusNotFound, "GET", "/Patient/nobody", "", wanted).xml, `<OperationOutcome xmlns="http://hl7.org/fhir">`)
	c.must(http.StatusNoContent, "DELETE", "/Patient/cat", "", wanted)
}

// XML that is no resource is refused with its place, in XML.
func TestXMLThatIsRefused(t *testing.T) {
	c := newClient(t, nil)
	const sent = "Content-Type: application/fhir+xml"
	for name, test := range map[string]struct{ body, contains string }{
		"malformed":       {`<Patient xmlns="http://hl7.org/fhir">`, `<code value="structure"/>`},
		"unknown element": {`<Patient xmlns="http://hl7.org/fhir"><nme value="secret"/></Patient>`, `<expression value="Patient.nme"/>`},
		"malformed value": {`<Patient xmlns="http://hl7.org/fhir"><birthDate value="secret"/></Patient>`, `<expression value="Patient.birthDate"/>`},
		"document type":   {`<!DOCTYPE Patient SYSTEM "file:///etc/passwd"><Patient xmlns="http://hl7.org/fhir"/>`, `document type`},
		"another type":    {`<Basic xmlns="http://hl7.org/fhir"/>`, `<code value="invalid"/>`},
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			a := c.must(http.StatusBadRequest, "POST", "/Patient", test.body, sent)
			require.Contains(t, a.xml, test.contains)
			require.NotContains(t, a.xml, "secret")
		})
	}
}

// What XML cannot carry is 406 where it is read, and told of where it was written.
func TestNoXML(t *testing.T) {
	c := newClient(t, nil)
	const level, wanted = "x-amzn-healthlake-fhir-validation-level: minimal", "Accept: application/fhir+xml"
	a := c.must(http.StatusCreated, "PUT", "/Patient/loose", `{"resourceType":"Patient","id":"loose","nickname":"x"}`, level, wanted)
	require.Contains(t, a.xml, "no form in XML")
	require.Contains(t, c.must(http.StatusNotAcceptable, "GET", "/Patient/loose", "", wanted).xml, "no form in XML")
	c.must(http.StatusNotAcceptable, "GET", "/Patient", "", wanted)
}
