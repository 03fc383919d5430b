package datastore

import (
	"context"
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/go-json-experiment/json/jsontext"
)

// A Level says how much of R4 a resource must keep to be stored. The names are
// those of AWS HealthLake's validation levels.
type Level = fhirjson.Level

// The levels.
const (
	// Strict checks everything, and is the default.
	Strict = fhirjson.Strict
	// StructureOnly checks JSON, the names of elements, kinds, cardinality and the
	// formats of primitives; not bindings, references or invariants.
	StructureOnly = fhirjson.StructureOnly
	// Minimal wants JSON, a resource type and an id. What else is wrong is stored
	// as it is, found by search as far as it is sound, and told in
	// [Version.Issues] and in an extension of the resource, [ValidationIssueURL].
	Minimal = fhirjson.Minimal
)

// ValidationIssueURL is the extension, with the name that AWS HealthLake uses, in
// which a resource stored at level Minimal says what is wrong with it: valueString
// is an OperationOutcome as text.
const ValidationIssueURL = "http://healthlake.amazonaws.com/fhir/StructureDefinition/validation-issue"

// Validation has a write checked at a level other than the store's own.
func Validation(level Level) WriteOption {
	return func(o *writeOptions) { o.level = level }
}

// settle does what may still change a resource once it is parsed at a level: it
// notes what was found and accepted, and calls the enrichers of a
// DocumentReference. The tape of c is final then.
func (s *Store) settle(ctx context.Context, c *scratch, level Level) error {
	c.issues = slices.Clone(c.doc.Issues)
	if level == Minimal && slices.ContainsFunc(c.issues, func(i Issue) bool { return i.Severity == issue.Error }) {
		if err := s.noteIssues(c); err != nil {
			return err
		}
	}
	if c.doc.Type() == schema.TypeDocumentReference && len(s.options.Enrichers) > 0 {
		return s.enrich(ctx, &c.doc, level)
	}
	return nil
}

// noteIssues adds the extension that says what is wrong with a resource. One whose
// type has no extensions, or whose extensions are themselves what is wrong, goes
// without.
func (s *Store) noteIssues(c *scratch) error {
	if schema.Lookup(c.doc.Type(), "extension") == 0 {
		return nil
	}
	text, err := jsontext.AppendQuote(nil, issue.AppendOutcome(nil, c.issues...))
	if err != nil {
		return err
	}
	extension := append([]byte(`{"url":"`+ValidationIssueURL+`","valueString":`), text...)
	noted, err := withExtensions(&c.doc, [][]byte{append(extension, '}')})
	if err != nil {
		return err
	}
	original := c.doc.Source
	if s.parse(noted, &c.doc, Minimal) != nil {
		return s.parse(original, &c.doc, Minimal)
	}
	return nil
}
