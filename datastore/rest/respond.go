package rest

import (
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/go-json-experiment/json/jsontext"
)

// send answers with a status and a body of JSON; nil is no body.
func (x *exchange) send(status int, body []byte) {
	h := x.w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	// Patient data belongs into no cache but the client's own, and there only to
	// be asked for again with If-None-Match.
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Accept")
	if body != nil {
		h.Set("Content-Type", x.mediaType+"; charset=utf-8")
		if x.r.URL.Query().Get("_pretty") == "true" {
			body = indented(body)
		}
	}
	x.began = true
	x.w.WriteHeader(status)
	if body != nil {
		_, _ = x.w.Write(body) // an error means that the client has gone
	}
}

// indented returns JSON for people to read.
func indented(body []byte) []byte {
	out, err := jsontext.AppendFormat(nil, body, jsontext.PreserveRawStrings(true), jsontext.WithIndent("  "))
	if err != nil {
		return body
	}
	return append(out, '\n')
}

// setVersion sets the headers that say which version an answer is about (FHIR R4
// §3.1.0.1, Resource Metadata and Versioning).
func (x *exchange) setVersion(v *datastore.Version) {
	h := x.w.Header()
	h.Set("ETag", etag(v.VersionID))
	h.Set("Last-Modified", v.LastUpdated.UTC().Format(http.TimeFormat))
}

// sendWritten answers a write with as much of the result as the client prefers
// (FHIR R4 §3.1.0.1, Managing Return Content). What was found wrong and accepted
// is in the OperationOutcome alone.
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
		x.send(status, issue.AppendOutcome(nil, v.Issues...))
	default:
		x.send(status, v.JSON)
	}
}
