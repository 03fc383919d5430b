package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A Level says which of R4's rules a resource must keep to be stored.
type Level = fhirjson.Level

// The levels.
const (
	Strict        = fhirjson.Strict
	StructureOnly = fhirjson.StructureOnly
	Minimal       = fhirjson.Minimal
)

// ValidationIssueURL is the extension, with the name that AWS HealthLake uses, in
// which a resource stored at level Minimal says what is wrong with it: valueString
// is an OperationOutcome as text.
const ValidationIssueURL = "http://healthlake.amazonaws.com/fhir/StructureDefinition/validation-issue"

// A Check says how a resource is validated.
type Check struct {
	Level             Level
	WithoutInvariants bool
	// Base is the address at which clients reach the store, "" if it is not known.
	Base string
}

var referenceText = schema.Lookup(schema.TypeReference, "reference")

// checkReferences refuses, at level Strict, a conditional reference outside of a
// transaction (FHIR R4 §3.1.0.11.3): no search would find the resource that it means. A
// conditional reference inside a stored Bundle belongs to an entry and is accepted.
func (e *Engine) checkReferences(_ context.Context, c *scratch) error {
	if c.how.Rewrite != nil || c.how.Check.Level != Strict || c.doc.Type() == schema.TypeBundle {
		return nil
	}
	for i := range c.doc.Nodes {
		n := fhirjson.Index(i)
		if _, _, conditional := e.conditionalReference(c, n); conditional {
			return At(c.doc.Pointer(n), Failf(ErrInvalid, issue.Value, "a conditional reference has a meaning in a transaction alone"))
		}
	}
	return nil
}

// checkInvariants evaluates the invariants of a resource that keeps all other rules,
// and notes the broken ones. A broken invariant refuses the resource, unless the level
// accepts everything.
func (e *Engine) checkInvariants(ctx context.Context, c *scratch) error {
	if c.how.Check.Level == StructureOnly || c.how.Check.WithoutInvariants || hasError(c.issues) {
		return nil
	}
	found, err := fhirpath.CheckInvariants(ctx, &c.doc, &c.evaluator)
	if err != nil {
		if errors.Is(err, fhirpath.ErrLimit) {
			return Failf(ErrTooCostly, issue.TooCostly, "the resource's invariants cost more than the limit")
		}
		return err
	}
	if c.how.Check.Level == Strict && hasError(found) {
		return &Error{Class: ErrInvalid, Issues: found}
	}
	c.issues = append(c.issues, found...)
	return nil
}

// hasError reports whether one of the issues is an error.
func hasError(issues []Issue) bool {
	return slices.ContainsFunc(issues, func(i Issue) bool { return i.Severity == issue.Error })
}

// noteIssues adds the extension that lists the faults of a resource. A resource whose
// type has no extensions, or whose extensions are faulty, gets none.
func (e *Engine) noteIssues(ctx context.Context, c *scratch) error {
	if c.how.Check.Level != Minimal || !hasError(c.issues) || c.how.annotation != nil {
		return nil
	}
	if schema.Lookup(c.doc.Type(), "extension") == 0 {
		return nil
	}
	extension := quote.Append([]byte(`{"url":"`+ValidationIssueURL+`","valueString":`), issue.AppendOutcome(nil, c.issues...))
	noted, _ := withExtensions(nil, &c.doc, [][]byte{append(extension, '}')}, func(url string) bool { return url == ValidationIssueURL })
	original := c.doc.Source
	if e.parse(ctx, noted, &c.doc, Minimal) != nil {
		return e.parse(ctx, original, &c.doc, Minimal)
	}
	return nil
}
