package bundle

import (
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// MaxEntries is the most resources that one conditional deletion takes, and by default the
// most entries of a batch or transaction. It bounds the memory and the time of a commit.
const MaxEntries = 100_000

// An envelope is all but the resources of a batch or transaction, which stay as they
// came: each is parsed later, by itself.
type envelope struct {
	doc     fhirjson.Document
	kind    string // batch or transaction
	entries []entry
	// bad has the errors of a batch's entries whose URL is malformed.
	bad map[int]error
}

// An entry is one entry of a Bundle.
type entry struct {
	fullURL  string
	resource []byte // nil without one
	// Of its request.
	method, url                                        string
	ifMatch, ifNoneMatch, ifModifiedSince, ifNoneExist string
}

// The fields of a Bundle that are read here.
var (
	bundleType  = schema.Lookup(schema.TypeBundle, "type")
	bundleTotal = schema.Lookup(schema.TypeBundle, "total")
	bundleEntry = schema.Lookup(schema.TypeBundle, "entry")

	entryType     = bundleEntry.Field().Type
	entryFullURL  = schema.Lookup(entryType, "fullUrl")
	entrySearch   = schema.Lookup(entryType, "search")
	entryRequest  = schema.Lookup(entryType, "request")
	entryResponse = schema.Lookup(entryType, "response")
	requestType   = entryRequest.Field().Type
	requestFields = map[schema.FieldID]func(e *entry) *string{
		schema.Lookup(requestType, "method"):          func(e *entry) *string { return &e.method },
		schema.Lookup(requestType, "url"):             func(e *entry) *string { return &e.url },
		schema.Lookup(requestType, "ifMatch"):         func(e *entry) *string { return &e.ifMatch },
		schema.Lookup(requestType, "ifNoneMatch"):     func(e *entry) *string { return &e.ifNoneMatch },
		schema.Lookup(requestType, "ifModifiedSince"): func(e *entry) *string { return &e.ifModifiedSince },
		schema.Lookup(requestType, "ifNoneExist"):     func(e *entry) *string { return &e.ifNoneExist },
	}
)

// parseBundle reads a Bundle and checks all of it but the resources, as strictly as one
// that is stored.
func parseBundle(ctx context.Context, src []byte, most int) (*envelope, error) {
	rest, resources, err := split(src)
	if err != nil {
		return nil, err
	}
	b := new(envelope)
	if err := fhirjson.ParseContext(ctx, rest, &b.doc, &fhirjson.Options{Level: fhirjson.Minimal, MaxBytes: len(rest) + 1}); err != nil {
		return nil, placed(engine.Invalid(err))
	}
	if b.doc.Type() != schema.TypeBundle {
		return nil, engine.Failf(engine.ErrInvalid, issue.Invalid, "a Bundle is wanted")
	}
	b.kind = b.text(0, bundleType)
	switch {
	case b.kind != "batch" && b.kind != "transaction":
		return nil, engine.At("/type", engine.Failf(engine.ErrInvalid, issue.Value, "the Bundle is neither a batch nor a transaction"))
	case len(resources) > most:
		return nil, engine.At("/entry", engine.Failf(engine.ErrInvalid, issue.TooLong, "the Bundle has more than %d entries", most))
	}
	if err := b.takeIssues(); err != nil {
		return nil, err
	}
	if _, ok := b.doc.Child(0, bundleTotal); ok {
		return nil, engine.At("/total", engine.Failf(engine.ErrInvalid, issue.Invariant, "bdl-1: only a searchset or a history has a total"))
	}
	for n := range b.doc.Children(0) {
		if b.doc.Nodes[n].Field != bundleEntry {
			continue
		}
		i := len(b.entries)
		b.entries = append(b.entries, entry{resource: resources[i]})
		if err := b.read(n, &b.entries[i]); err != nil {
			return nil, engine.At(fmt.Sprintf("/entry/%d", i), err)
		}
	}
	return b, b.checkInvariants(ctx)
}

// takeIssues refuses a Bundle with issues of the parser. A missing URL in a batch is
// the fault of its entry alone.
func (b *envelope) takeIssues() error {
	b.bad = map[int]error{}
	var whole []engine.Issue
	for _, is := range b.doc.Issues {
		if is.Severity != issue.Error {
			continue
		}
		var i int
		if n, _ := fmt.Sscanf(is.Pointer, "/entry/%d/request/url", &i); n == 1 && b.kind == "batch" && is.Pointer == fmt.Sprintf("/entry/%d/request/url", i) {
			b.bad[i] = placed(&engine.Error{Class: engine.ErrInvalid, Issues: []engine.Issue{is}})
			continue
		}
		whole = append(whole, is)
	}
	if whole == nil {
		return nil
	}
	return placed(&engine.Error{Class: engine.ErrInvalid, Issues: whole})
}

// read reads the entry at node n.
func (b *envelope) read(n fhirjson.Index, e *entry) error {
	request := fhirjson.Index(0)
	for c := range b.doc.Children(n) {
		switch b.doc.Nodes[c].Field {
		case entrySearch:
			return engine.At("/search", engine.Failf(engine.ErrInvalid, issue.Invariant, "bdl-2: only entries of a searchset have a search"))
		case entryResponse:
			return engine.At("/response", engine.Failf(engine.ErrInvalid, issue.Invariant, "bdl-4: only entries of a response or a history have a response"))
		case entryRequest:
			request = c
		}
	}
	if request == 0 {
		return engine.Failf(engine.ErrInvalid, issue.Required, "bdl-3: the entry needs a request")
	}
	e.fullURL = b.text(n, entryFullURL)
	for c := range b.doc.Children(request) {
		if to := requestFields[b.doc.Nodes[c].Field]; to != nil {
			*to(e) = b.value(c)
		}
	}
	return nil
}

// maxInvariants is the most entries of an envelope whose invariants of extensions and
// the like are evaluated: more would cost seconds. The invariants that processing needs
// are always checked.
const maxInvariants = 1000

// checkInvariants evaluates R4's invariants.
func (b *envelope) checkInvariants(ctx context.Context) error {
	if len(b.entries) > maxInvariants {
		return nil
	}
	found, err := fhirpath.CheckInvariants(ctx, &b.doc, new(fhirpath.Evaluator))
	if err != nil {
		return err
	}
	for _, is := range found {
		if is.Severity == issue.Error {
			return placed(&engine.Error{Class: engine.ErrInvalid, Issues: found})
		}
	}
	return nil
}

// text returns the text of the field of the object at n, "" without one.
func (b *envelope) text(n fhirjson.Index, f schema.FieldID) string {
	c, ok := b.doc.Child(n, f)
	if !ok {
		return ""
	}
	return b.value(c)
}

func (b *envelope) value(n fhirjson.Index) string {
	if b.doc.Nodes[n].Kind != fhirjson.String {
		return ""
	}
	return string(b.doc.Text(n, nil))
}

// placed takes the offsets out of an error: they count in the text that split has made.
func placed(err error) error {
	var data *engine.Error
	if !errors.As(err, &data) {
		return err
	}
	return engine.At("", data)
}
