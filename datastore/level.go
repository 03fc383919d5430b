package datastore

import (
	"context"
	"errors"
	"slices"

	"github.com/fhirlake/fhirlake/fhirpath"
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
	// Strict checks everything, R4's invariants included, and is the default.
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
	return func(o *writeOptions) { o.check.level = level }
}

// WithoutInvariants has a write leave out the constraints that R4 writes in FHIRPath.
// They cost about twice what all other checks do together (docs/performance.md);
// imports leave them out unless they are told otherwise.
func WithoutInvariants() WriteOption {
	return func(o *writeOptions) { o.check.withoutInvariants = true }
}

// A check says how a resource is validated.
type check struct {
	level             Level
	withoutInvariants bool
}

// settle does what may still change a resource once it is parsed at a level: it
// notes what was found and accepted, and calls the enrichers of a
// DocumentReference. The tape of c is final then.
func (s *Store) settle(ctx context.Context, c *scratch, k check) error {
	c.issues = slices.Clone(c.doc.Issues)
	if err := s.checkInvariants(ctx, c, k); err != nil {
		return err
	}
	if err := s.checkDefinition(c, k); err != nil {
		return err
	}
	if k.level == Minimal && hasError(c.issues) {
		if err := s.noteIssues(c); err != nil {
			return err
		}
	}
	if c.doc.Type() == schema.TypeDocumentReference && len(s.options.Enrichers) > 0 {
		return s.enrich(ctx, &c.doc, k.level)
	}
	return nil
}

// checkInvariants evaluates the invariants of a resource that keeps all other rules,
// and notes what they say. One that is broken refuses the resource, unless the
// level lets everything in.
func (s *Store) checkInvariants(ctx context.Context, c *scratch, k check) error {
	if k.level == StructureOnly || k.withoutInvariants || hasError(c.issues) {
		return nil
	}
	found, err := fhirpath.CheckInvariants(ctx, &c.doc, &c.evaluator)
	if err != nil {
		if errors.Is(err, fhirpath.ErrLimit) {
			return failf(ErrTooCostly, issue.TooCostly, "the resource's invariants cost more than the limit")
		}
		return err
	}
	if k.level == Strict && hasError(found) {
		return &Error{Class: ErrInvalid, Issues: found}
	}
	c.issues = append(c.issues, found...)
	return nil
}

// hasError reports whether one of the issues is an error.
func hasError(issues []Issue) bool {
	return slices.ContainsFunc(issues, func(i Issue) bool { return i.Severity == issue.Error })
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
