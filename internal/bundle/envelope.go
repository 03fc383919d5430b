package bundle

import (
	"errors"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxEntries is the number of entries up to which a batch or transaction is
// taken. It bounds the memory and the time of the one commit that it becomes.
const MaxEntries = 100_000

// An envelope is all but the resources of a batch or transaction. Resources stay as they came;
// each is read by the strict parser later. Members that say nothing to a server
// are named so that unknown ones are still errors.
type envelope struct {
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
	Entry        []entry        `json:"entry"`
}

type entry struct {
	ID        jsontext.Value `json:"id"`
	Extension jsontext.Value `json:"extension"`
	Link      jsontext.Value `json:"link"`
	FullURL   string         `json:"fullUrl"`
	Resource  jsontext.Value `json:"resource"`
	Search    jsontext.Value `json:"search"`
	Request   *entryRequest  `json:"request"`
	Response  jsontext.Value `json:"response"`
}

type entryRequest struct {
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
func parseBundle(src []byte) (*envelope, error) {
	var b envelope
	if err := json.Unmarshal(src, &b, json.RejectUnknownMembers(true)); err != nil {
		return nil, envelopeError(err)
	}
	switch {
	case b.ResourceType != "Bundle":
		return nil, engine.Failf(engine.ErrInvalid, issue.Invalid, "a Bundle is wanted")
	case b.Type != "batch" && b.Type != "transaction":
		return nil, engine.At("/type", engine.Failf(engine.ErrInvalid, issue.Value, "the Bundle is neither a batch nor a transaction"))
	case len(b.Entry) > MaxEntries:
		return nil, engine.At("/entry", engine.Failf(engine.ErrInvalid, issue.TooLong, "the Bundle has more than %d entries", MaxEntries))
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
	is := engine.Issue{Severity: issue.Error, Code: issue.Structure, Offset: -1, Diagnostics: "malformed Bundle"}
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
	return &engine.Error{Class: engine.ErrInvalid, Issues: []engine.Issue{is}}
}
