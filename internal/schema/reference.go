package schema

// A ReferenceType is a type that a reference may name, Patient in Patient/123,
// for which the Reference message of google/fhir has a field of its own. Beside
// the resource types these are three abstract ones.
type ReferenceType struct {
	Name  string
	Proto int32 // number of the field
}
