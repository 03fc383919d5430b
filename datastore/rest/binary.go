package rest

import (
	"bytes"
	"encoding/base64"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A Binary is a resource in a request or answer with FHIR's media types, and its content
// with any other (FHIR R4 binary.html, Serving Binary Resources over HTTP).

// securityContext is the header for Binary.securityContext.
const securityContext = "X-Security-Context"

// native reports whether the body is the content of a Binary. Any JSON and any XML may be
// content as well: it is the resource if it says so.
func (x *exchange) native(name string, body []byte) bool {
	switch {
	case name == plainJSON || name == "text/json":
		typ, _, err := identity(body)
		return err != nil || typ != "Binary"
	case name == plainXML || name == "text/xml":
		return !bytes.Contains(body[:min(len(body), 4<<10)], []byte("http://hl7.org/fhir"))
	}
	return true
}

// binaryBody reads a body that is a Binary or the content of one.
func (x *exchange) binaryBody() ([]byte, error) {
	given := x.r.Header.Get("Content-Type")
	name, _, err := mime.ParseMediaType(given)
	switch {
	case given == "", slices.Contains(fhirTypes, name):
		return x.resourceBody()
	case err != nil:
		return nil, refuse(http.StatusUnsupportedMediaType, issue.NotSupported, "the header Content-Type is malformed")
	}
	body, err := x.body()
	switch {
	case err != nil:
		return nil, err
	case x.native(name, body):
		return x.binary(body)
	}
	return x.inJSON(body)
}

// binary makes a Binary of a content.
func (x *exchange) binary(content []byte) ([]byte, error) {
	out := make([]byte, 0, len(content)/3*4+256)
	out = append(out, `{"resourceType":"Binary"`...)
	if x.id != "" {
		out = quote.Append(append(out, `,"id":`...), x.id)
	}
	out = quote.Append(append(out, `,"contentType":`...), x.r.Header.Get("Content-Type"))
	if given := x.r.Header.Values(securityContext); len(given) > 0 {
		out = append(quote.Append(append(out, `,"securityContext":{"reference":`...), given[0]), '}')
	}
	if len(content) > 0 {
		out = base64.StdEncoding.AppendEncode(append(out, `,"data":"`...), content)
		out = append(out, '"')
	}
	if int64(len(out)) > x.options.MaxBodySize {
		return nil, refuse(http.StatusRequestEntityTooLarge, issue.TooLong, "the content is too long for a resource")
	}
	return append(out, '}'), nil
}

// wantsContent reports whether the content of a Binary is wanted and not the resource: no
// media type of FHIR's is asked for by name.
func (x *exchange) wantsContent() bool {
	if x.typ != "Binary" || queryValue(x.r.URL.RawQuery, "_format") != "" || x.query != "" {
		return false
	}
	for part := range strings.SplitSeq(strings.Join(x.r.Header.Values("Accept"), ","), ",") {
		if name, _ := mediaType(part); slices.Contains(jsonTypes, name) || slices.Contains(xmlTypes, name) {
			return false
		}
	}
	return true
}

// sendContent answers with the content of a Binary, and reports false if it has no content
// that can be sent by itself.
func (x *exchange) sendContent(v *datastore.Version) (bool, error) {
	var doc fhirjson.Document
	if err := fhirjson.Parse(v.JSON, &doc, &fhirjson.Options{Level: fhirjson.Minimal, MaxBytes: len(v.JSON)}); err != nil {
		return false, err
	}
	contentType, content := doc.Member(0, "contentType"), []byte(nil)
	if _, _, err := mime.ParseMediaType(contentType); err != nil {
		return false, nil
	}
	if n, ok := doc.Child(0, schema.Lookup(doc.Type(), "data")); ok && doc.HasValue(n) {
		text := bytes.Map(func(c rune) rune { // white space may stand in it
			if c <= ' ' {
				return -1
			}
			return c
		}, doc.Text(n, nil))
		var err error
		if content, err = base64.StdEncoding.AppendDecode(nil, text); err != nil {
			return false, nil
		}
	}
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	// A stored page or script must not act in the name of this server.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if name, _, _ := mime.ParseMediaType(contentType); active(name) {
		h.Set("Content-Disposition", "attachment")
	}
	x.begin(http.StatusOK, false)
	_, _ = x.w.Write(content) // an error means that the client has gone
	return true, nil
}

// active reports whether a browser would run what a content of a media type holds.
func active(name string) bool {
	return name == "text/html" || strings.HasSuffix(name, "xml") || strings.HasSuffix(name, "javascript") || strings.HasSuffix(name, "ecmascript")
}
