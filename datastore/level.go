package datastore

import "github.com/fhirlake/fhirlake/internal/engine"

// A Level says how much of R4 a resource must keep to be stored. It means the same for
// writes, imports and preloads. The zero Level is the default of the place where it
// stands. The names are those of AWS HealthLake's validation levels.
type Level uint8

// The levels.
const (
	// Strict checks everything, R4's invariants included. It is the default of stores.
	Strict Level = iota + 1
	// WithoutInvariants is Strict without the constraints that R4 writes in FHIRPath.
	// They cost about twice what all other checks do together (docs/performance.md). It
	// is the default of imports and preloads.
	WithoutInvariants
	// StructureOnly checks JSON, the names of elements, kinds, cardinality and the
	// formats of primitives; not bindings, references or invariants.
	StructureOnly
	// Minimal wants JSON, a resource type and an id. What else is wrong is stored as it
	// is, found by search as far as it is sound, and told in [Version.Issues] and in an
	// extension of the resource, with the name that AWS HealthLake uses:
	// http://healthlake.amazonaws.com/fhir/StructureDefinition/validation-issue has an
	// OperationOutcome as text in valueString.
	Minimal
)

// String returns the name of a level: "strict", "without-invariants", "structure-only",
// "minimal"; "" for the zero Level and for what is none.
func (l Level) String() string {
	if l > Minimal {
		return ""
	}
	return [...]string{"", "strict", "without-invariants", "structure-only", "minimal"}[l]
}

// check returns what a level has checked.
func (l Level) check() engine.Check {
	switch l {
	case WithoutInvariants:
		return engine.Check{Level: engine.Strict, WithoutInvariants: true}
	case StructureOnly:
		return engine.Check{Level: engine.StructureOnly}
	case Minimal:
		return engine.Check{Level: engine.Minimal}
	}
	return engine.Check{Level: engine.Strict}
}
