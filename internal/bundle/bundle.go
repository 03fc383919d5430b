package datastore

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxBundleEntries is the number of entries up to which a batch or transaction is
// taken. It bounds the memory and the time of the one commit that it becomes.
const MaxBundleEntries = 100_000

// bundle is the envelope of a batch or transaction. Resources stay as they came;
// each is read by the strict parser later. Members that say nothing to a server
// are named so that unknown ones are still errors.
type bundle struct {
	ResourceType string         `json:"resourceType"`
	ID           jsontext.Value `json:"id"`
	Meta         jsontext.Value `json:"meta"`
	Rules        jsontext.Value `json:"implicitRules"`
	Language     jsontext.Value `json:"language"`
	Identifier   jsontext.Value `json:"identifier"`
	Type         string         `json:"type"`
	Timestamp    jsontext.Value `json:"timestamp"`
	Link         jsontext.Value `json:"link"`
	Signature    jsontext.Value `json:"signature"`
	Entry        []bundleEntry  `json:"entry"`
}

type bundleEntry struct {
	ID        jsontext.Value `json:"id"`
	Extension jsontext.Value `json:"extension"`
	Link      jsontext.Value `json:"link"`
	FullURL   string         `json:"fullUrl"`
	Resource  jsontext.Value `json:"resource"`
	Search    jsontext.Value `json:"search"`
	Request   *bundleRequest `json:"request"`
	Response  jsontext.Value `json:"response"`
}

type bundleRequest struct {
	ID              jsontext.Value `json:"id"`
	Extension       jsontext.Value `json:"extension"`
	Method          string         `json:"method"`
	URL             string         `json:"url"`
	IfNoneMatch     string         `json:"ifNoneMatch"`
	IfModifiedSince jsontext.Value `json:"ifModifiedSince"`
	IfMatch         string         `json:"ifMatch"`
	IfNoneExist     string         `json:"ifNoneExist"`
}

// parseBundle reads the envelope.
func parseBundle(src []byte) (*bundle, error) {
	var b bundle
	if err := json.Unmarshal(src, &b, json.RejectUnknownMembers(true)); err != nil {
		return nil, envelopeError(err)
	}
	switch {
	case b.ResourceType != "Bundle":
		return nil, failf(ErrInvalid, issue.Invalid, "a Bundle is wanted")
	case b.Type != "batch" && b.Type != "transaction":
		return nil, at("/type", failf(ErrInvalid, issue.Value, "the Bundle is neither a batch nor a transaction"))
	case len(b.Entry) > MaxBundleEntries:
		return nil, at("/entry", failf(ErrInvalid, issue.TooLong, "the Bundle has more than %d entries", MaxBundleEntries))
	}
	return &b, nil
}

// ownID returns the id that stands in a resource, or "". Whether it is one is for
// the strict parser to say.
func ownID(resource []byte) string {
	var r struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(resource, &r) != nil {
		return ""
	}
	return r.ID
}

// envelopeError gives the place of what jsontext or json found wrong, and not its
// text, which may quote the input.
func envelopeError(err error) error {
	is := Issue{Severity: issue.Error, Code: issue.Structure, Offset: -1, Diagnostics: "malformed Bundle"}
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &semantic):
		is.Pointer, is.Offset = string(semantic.JSONPointer), semantic.ByteOffset
		is.Diagnostics = "malformed Bundle: an unknown element or a value of the wrong kind"
	case errors.As(err, &syntactic):
		is.Pointer, is.Offset = string(syntactic.JSONPointer), syntactic.ByteOffset
		is.Diagnostics = "malformed JSON"
	}
	return &Error{Class: ErrInvalid, Issues: []Issue{is}}
}

// at puts a place before those of an Error's issues.
func at(pointer string, err error) error {
	var data *Error
	if !errors.As(err, &data) {
		return fmt.Errorf("datastore: %s: %w", pointer, err)
	}
	moved := &Error{Class: data.Class, Issues: make([]Issue, len(data.Issues))}
	for i, is := range data.Issues {
		is.Pointer = pointer + is.Pointer
		is.Offset = -1 // an offset counts within the part alone
		moved.Issues[i] = is
	}
	return moved
}

// A reply is what one entry of a response bundle says.
type reply struct {
	status   int
	version  Version // of a write or a read; zero otherwise
	resource []byte  // of a GET
	err      error
}

// appendReply appends an entry of a response bundle (FHIR R4 §3.1.0.11.2).
func (r *reply) append(dst []byte) []byte {
	dst = append(dst, '{')
	if r.resource != nil {
		dst = append(append(append(dst, `"resource":`...), r.resource...), ',')
	}
	dst = append(dst, `"response":{"status":"`...)
	dst = strconv.AppendInt(dst, int64(r.status), 10)
	if text := http.StatusText(r.status); text != "" {
		dst = append(append(dst, ' '), text...)
	}
	dst = append(dst, '"')
	if v := &r.version; v.VersionID != "" {
		if !v.Deleted {
			dst = append(dst, `,"location":"`...)
			dst = append(dst, v.Ref.String()+"/_history/"+v.VersionID...)
			dst = append(dst, '"')
		}
		dst = append(dst, `,"etag":"W/\"`...)
		dst = append(dst, v.VersionID...)
		dst = append(dst, `\"","lastModified":"`...)
		dst = v.LastUpdated.UTC().AppendFormat(dst, time.RFC3339Nano)
		dst = append(dst, '"')
	}
	switch {
	case r.err != nil:
		dst = append(append(dst, `,"outcome":`...), Outcome(r.err)...)
	case len(r.version.Issues) > 0:
		dst = issue.AppendOutcome(append(dst, `,"outcome":`...), r.version.Issues...)
	}
	return append(dst, "}}"...)
}

// appendReplies appends a whole response bundle.
func appendReplies(dst []byte, bundleType string, replies []reply) []byte {
	dst = append(dst, `{"resourceType":"Bundle","type":"`...)
	dst = append(dst, bundleType...)
	dst = append(dst, `-response"`...)
	for i := range replies {
		if i == 0 {
			dst = append(dst, `,"entry":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = replies[i].append(dst)
	}
	if len(replies) > 0 {
		dst = append(dst, ']')
	}
	return append(dst, '}')
}
