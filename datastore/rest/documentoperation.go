package rest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/issue"
)

// documentOperations returns $document (FHIR R4 composition-operation-document.html).
func documentOperations() []Operation {
	return []Operation{{
		Name: "document", URL: hl7Definition + "Composition-document", Type: true, Instance: true, Resources: []string{"Composition"},
		Parameters: []Parameter{{Name: "id", Type: "uri"}, {Name: "persist", Type: "boolean"}, {Name: "graph", Type: "uri", absent: true}},
		Handle:     document,
	}}
}

// maxDocument is how many resources a document may have.
const maxDocument = 10_000

// document answers $document: a Bundle of the composition and of all that it refers to,
// itself or through what it refers to. What is not in the store is left out.
func document(ctx context.Context, c *Call) (*Reply, error) {
	subject := c.Subject
	a, given := c.Argument("id")
	switch {
	case given && subject.ID != "":
		return nil, wrongArgument(a, "does not go with the document of one composition")
	case !given && subject.ID == "":
		return nil, parameterError(issue.Required, "", "the parameter id is required")
	case given && fhirjson.ValidID(a.Text()):
		subject.ID = a.Text()
	case given:
		ref, ok := c.local(a.Text())
		if !ok {
			return nil, notSupported("the composition is not on this server")
		}
		if ref.Type != "Composition" {
			return nil, wrongArgument(a, "must name a Composition")
		}
		subject = ref
	}
	d := &documentBuilder{call: c, seen: map[pendingRef]bool{{subject, ""}: true}, pending: []pendingRef{{subject, ""}}, has: map[pendingRef]bool{}}
	if err := d.add(ctx, subject, ""); err != nil {
		return nil, err
	}
	for i := 1; i < len(d.pending); i++ { // the first is the composition
		next := d.pending[i]
		if err := d.add(ctx, next.ref, next.version); err != nil && !absent(err) {
			return nil, err
		}
	}
	bundle, err := d.bundle(c.View.Time())
	if err != nil {
		return nil, err
	}
	if c.Text("persist") != "true" {
		return &Reply{Resource: bundle}, nil
	}
	v, err := c.Store.Create(ctx, bundle)
	if err != nil {
		return nil, err
	}
	return &Reply{Resource: v.JSON, Header: http.Header{"Location": {c.Base + "/" + v.Ref.String() + "/_history/" + v.VersionID}}}, nil
}

// A documentBuilder collects the resources of a document.
type documentBuilder struct {
	call    *Call
	pending []pendingRef // a queue of references, each once
	seen    map[pendingRef]bool
	has     map[pendingRef]bool // the versions that are there
	count   int
	text    []byte
}

// A pendingRef is a reference that was seen: to a version, or with "" to a resource.
type pendingRef struct {
	ref     datastore.Ref
	version string
}

// add adds a resource, and notes what it refers to.
func (d *documentBuilder) add(ctx context.Context, ref datastore.Ref, version string) error {
	var v datastore.Version
	var err error
	if version == "" {
		v, err = d.call.View.Read(ctx, ref)
	} else {
		v, err = d.call.View.ReadVersion(ctx, ref, version)
	}
	if err != nil {
		return err
	}
	this := pendingRef{ref, v.VersionID}
	if d.has[this] {
		return nil
	}
	d.has[this] = true
	if d.count++; d.count > maxDocument || len(d.text) > maxEverythingBytes {
		return &datastore.Error{Class: datastore.ErrTooCostly, Issues: []datastore.Issue{{
			Severity: issue.Error, Code: issue.TooCostly, Offset: -1, Diagnostics: "the composition refers to too many resources for one document",
		}}}
	}
	var doc fhirjson.Document
	if err := parseAny(v.JSON, &doc); err != nil {
		return err
	}
	if d.count > 1 {
		d.text = append(d.text, ',')
	}
	d.text = quote.Append(append(d.text, `{"fullUrl":`...), d.call.Base+"/"+ref.String())
	d.text = append(append(append(d.text, `,"resource":`...), v.JSON...), '}')
	for reference := range references(&doc) {
		to, version, ok := d.call.localVersion(reference)
		if p := (pendingRef{to, version}); ok && !d.seen[p] {
			d.seen[p] = true
			d.pending = append(d.pending, p)
		}
	}
	return nil
}

// bundle returns the document.
func (d *documentBuilder) bundle(at time.Time) ([]byte, error) {
	id := make([]byte, 16)
	rand.Read(id) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	identifier := fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	if at.IsZero() {
		return nil, errors.New("rest: a state without a time")
	}
	out := append([]byte(`{"resourceType":"Bundle","identifier":{"system":"urn:ietf:rfc:3986","value":"`), identifier...)
	out = at.AppendFormat(append(out, `"},"type":"document","timestamp":"`...), time.RFC3339Nano)
	return append(append(append(out, `","entry":[`...), d.text...), "]}"...), nil
}
