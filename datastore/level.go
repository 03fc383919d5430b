package datastore

import "github.com/fhirlake/fhirlake/internal/engine"

// A Level says how much of R4 a resource must keep to be stored. The names are
// those of AWS HealthLake's validation levels.
type Level uint8

// The levels.
const (
	// Strict checks everything, R4's invariants included, and is the default.
	Strict = Level(engine.Strict)
	// StructureOnly checks JSON, the names of elements, kinds, cardinality and the
	// formats of primitives; not bindings, references or invariants.
	StructureOnly = Level(engine.StructureOnly)
	// Minimal wants JSON, a resource type and an id. What else is wrong is stored
	// as it is, found by search as far as it is sound, and told in
	// [Version.Issues] and in an extension of the resource, [ValidationIssueURL].
	Minimal = Level(engine.Minimal)
)

// ValidationIssueURL is the extension, with the name that AWS HealthLake uses, in
// which a resource stored at level Minimal says what is wrong with it: valueString
// is an OperationOutcome as text.
const ValidationIssueURL = engine.ValidationIssueURL

// Validation has a write checked at a level other than the store's own.
func Validation(level Level) WriteOption {
	return func(o *writeOptions) { o.check.Level = engine.Level(level) }
}

// WithoutInvariants has a write leave out the constraints that R4 writes in FHIRPath.
// They cost about twice what all other checks do together (docs/performance.md);
// imports leave them out unless they are told otherwise.
func WithoutInvariants() WriteOption {
	return func(o *writeOptions) { o.check.WithoutInvariants = true }
}
