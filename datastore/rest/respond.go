package rest

import (
	"errors"
	"io"
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/fhirlake/fhirlake/issue"
)

// send answers with a status and a body of JSON; nil is no body.
func (x *exchange) send(status int, body []byte) {
	x.begin(status, body != nil)
	if body != nil {
		_, _ = x.sink().Write(body) // an error means that the client has gone
	}
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
		h.Set("Content-Type", x.mediaType+"; charset=utf-8")
	}
	x.began = true
	x.w.WriteHeader(status)
}

// sink returns the writer of the body's JSON.
func (x *exchange) sink() io.Writer {
	if x.pretty {
		return &indenter{w: x.w}
	}
	return x.w
}

// errGone is the error of a body that cannot be written: the client has gone.
var errGone = errors.New("rest: the client has gone")

// A stream is a body that is sent while it is made. The headers go with its first
// bytes, so that an error before them still gets its status.
type stream struct {
	x *exchange
	w io.Writer
}

// Write implements [io.Writer].
func (s *stream) Write(p []byte) (int, error) {
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
