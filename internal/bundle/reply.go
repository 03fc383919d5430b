package bundle

import (
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/fhirlake/fhirlake/issue"
)

// Return selects the content of the answer to a write, beside its status (FHIR R4
// §3.1.0.1.7).
type Return uint8

const (
	// Default gives the accepted faults, if there are any.
	Default Return = iota
	// Minimal gives nothing.
	Minimal
	// Representation gives the resource, and the accepted faults.
	Representation
	// OperationOutcome gives an outcome, even without faults.
	OperationOutcome
)

// A reply is one entry of a response bundle.
type reply struct {
	status   int
	version  engine.Version // of a write or a read; zero otherwise
	resource []byte
	err      error
}

// append appends an entry of a response bundle (FHIR R4 §3.1.0.11.2).
func (r *reply) append(dst []byte, wanted Return) []byte {
	dst = append(dst, '{')
	if r.resource != nil {
		dst = append(append(append(dst, `"resource":`...), r.resource...), ',')
	}
	dst = append(dst, `"response":{"status":"`...)
	dst = strconv.AppendInt(dst, int64(r.status), 10)
	if text := reasons[r.status]; text != "" {
		dst = append(append(dst, ' '), text...)
	}
	dst = append(dst, '"')
	if v := &r.version; v.Number != 0 {
		if !v.Deleted {
			dst = append(dst, `,"location":"`...)
			dst = append(dst, v.Ref()+"/_history/"+v.VersionID()...)
			dst = append(dst, '"')
		}
		dst = etag.Append(append(dst, `,"etag":`...), v.VersionID())
		dst = append(dst, `,"lastModified":"`...)
		dst = v.Time().AppendFormat(dst, time.RFC3339Nano)
		dst = append(dst, '"')
	}
	switch {
	case r.err != nil:
		dst = append(append(dst, `,"outcome":`...), engine.Outcome(r.err)...)
	case r.status == 304 || wanted == Minimal:
	case len(r.version.Issues) > 0, wanted == OperationOutcome && r.resource == nil:
		dst = issue.AppendOutcome(append(dst, `,"outcome":`...), r.version.Issues...)
	}
	return append(dst, "}}"...)
}

// appendReplies appends a whole response bundle.
func appendReplies(dst []byte, bundleType string, wanted Return, replies []reply) []byte {
	dst = append(dst, `{"resourceType":"Bundle","type":"`...)
	dst = append(dst, bundleType...)
	dst = append(dst, `-response"`...)
	for i := range replies {
		if i == 0 {
			dst = append(dst, `,"entry":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = replies[i].append(dst, wanted)
	}
	if len(replies) > 0 {
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// reasons are the phrases of HTTP's statuses (RFC 9110 §15) that entries have.
var reasons = map[int]string{
	200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified",
	202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 410: "Gone",
	412: "Precondition Failed", 413: "Request Entity Too Large", 422: "Unprocessable Entity",
	500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable",
	504: "Gateway Timeout", 507: "Insufficient Storage",
}
