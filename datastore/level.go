package datastore

import "github.com/fhirlake/fhirlake/internal/engine"

// A Level says which of R4's rules a resource must keep to be stored. The names are
// those of AWS HealthLake's validation levels.
type Level uint8

// The levels.
const (
	// Strict checks everything, R4's invariants included, and is the default.
	Strict = Level(engine.Strict)
	// StructureOnly checks JSON, the names of elements, kinds, cardinality and the
	// formats of primitives; not bindings, references or invariants.
	StructureOnly = Level(engine.StructureOnly)
	// Minimal asks for JSON, a resource type and an id. A resource with other faults is
	// stored as it is, and its sound values are found by search. [Version.Issues] and
	// an extension of the resource, [ValidationIssueURL], list the faults.
	Minimal = Level(engine.Minimal)
)

// ValidationIssueURL is the extension, named as in AWS HealthLake, that lists the
// faults of a resource stored at level Minimal: valueString is an OperationOutcome as
// text.
const ValidationIssueURL = engine.ValidationIssueURL

// Validation has a write checked at a level other than the store's own.
func Validation(level Level) WriteOption {
	return func(o *writeOptions) { o.check.Level = engine.Level(level) }
}

// WithoutInvariants has a write leave out the constraints that R4 writes in FHIRPath.
// They cost about twice as much as all other checks together (docs/performance.md);
// imports leave them out by default.
func WithoutInvariants() WriteOption {
	return func(o *writeOptions) { o.check.WithoutInvariants = true }
}
