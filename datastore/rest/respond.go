package rest

import (
	"errors"
	"io"
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirxml"
	"github.com/fhirlake/fhirlake/issue"
)

// send answers with a status and a body, a resource in JSON; nil is no body. If the body
// has no form in XML, a GET is answered with 406, and any other request, which was done,
// with an OperationOutcome in place of the body.
func (x *exchange) send(status int, body []byte) {
	x.notePatients(body)
	if body != nil && x.form.xml {
		xml, err := x.xml(body)
		if err != nil && (x.r.Method == http.MethodGet || x.r.Method == http.MethodHead) {
			status = http.StatusNotAcceptable
		}
		body = xml
	}
	x.begin(status, body != nil)
	if body != nil {
		_, _ = x.sink().Write(body) // an error means that the client has gone
	}
}

// xml returns a resource in XML, or an OperationOutcome that says why it has none.
func (x *exchange) xml(json []byte) ([]byte, error) {
	var doc fhirjson.Document
	err := fhirjson.Parse(json, &doc, &fhirjson.Options{Level: fhirjson.Minimal, AnyNarrative: true, MaxBytes: len(json)})
	if err == nil {
		var xml []byte
		if xml, err = fhirxml.Append(nil, &doc, x.form.pretty); err == nil {
			return xml, nil
		}
	}
	told := issue.AppendOutcome(nil, issue.Issue{Severity: issue.Error, Code: issue.NotSupported, Offset: -1, Diagnostics: "the answer has no form in XML: ask for " + fhirJSON})
	if failed := fhirjson.Parse(told, &doc, nil); failed != nil {
		return nil, failed
	}
	xml, _ := fhirxml.Append(nil, &doc, x.form.pretty)
	return xml, err
}

// begin sends the headers.
func (x *exchange) begin(status int, hasBody bool) {
	h := x.w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	// Patient data may lie in the client's own cache alone, which must ask again with
	// If-None-Match.
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Accept")
	if hasBody {
		h.Set("Content-Type", x.form.mediaType+"; charset=utf-8")
	}
	x.began = true
	x.w.WriteHeader(status)
}

// sink returns where the body goes.
func (x *exchange) sink() io.Writer {
	if x.form.pretty && !x.form.xml {
		return &indenter{w: x.w}
	}
	return x.w
}

// errGone is the error of a body that cannot be written: the client has gone.
var errGone = errors.New("rest: the client has gone")

// A stream is a body that is sent while it is made, or in XML when it is whole. The
// headers go with its first bytes, so that an error before them is answered as one.
type stream struct {
	x     *exchange
	w     io.Writer
	whole []byte // JSON that is to become XML
}

// stream has the body of an answer written, as JSON.
func (x *exchange) stream(write func(w io.Writer) error) error {
	s := &stream{x: x}
	err := write(s)
	if err == nil && x.form.xml {
		x.send(http.StatusOK, s.whole)
	}
	return err
}

// Write implements [io.Writer].
func (s *stream) Write(p []byte) (int, error) {
	s.x.notePatients(p)
	if s.x.form.xml {
		s.whole = append(s.whole, p...)
		return len(p), nil
	}
	if s.w == nil {
		s.x.begin(http.StatusOK, true)
		s.w = s.x.sink()
	}
	n, err := s.w.Write(p)
	if err != nil {
		err = errGone
	}
	return n, err
}

// setVersion sets the headers for the version of an answer (FHIR R4 §3.1.0.1, Resource
// Metadata and Versioning).
func (x *exchange) setVersion(v *datastore.Version) {
	h := x.w.Header()
	h.Set("ETag", etag.Of(v.VersionID))
	h.Set("Last-Modified", v.LastUpdated.UTC().Format(http.TimeFormat))
}

// sendWritten answers a write with as much of the result as the client prefers (FHIR R4
// §3.1.0.1, Managing Return Content). Only the OperationOutcome lists accepted faults.
func (x *exchange) sendWritten(v *datastore.Version) {
	x.noteWritten(v)
	x.setVersion(v)
	x.w.Header().Set("Location", x.base+"/"+v.Ref.String()+"/_history/"+v.VersionID)
	status := http.StatusOK
	if v.Created {
		status = http.StatusCreated
	}
	switch preference(x.r, "return") {
	case "minimal":
		x.send(status, nil)
	case "operationoutcome":
		x.send(status, issue.AppendOutcome(nil, append(v.Issues[:len(v.Issues):len(v.Issues)], x.aside...)...))
	default:
		x.send(status, v.JSON)
	}
}
