// Package search is what a user sees of FHIR R4 search: named queries, the search
// parameters and the memory that each takes, limits, and how a search was answered.
// Package datastore runs the searches.
//
//   - A [NamedQuery] is what _query=name stands for.
//   - A [Parameter] is what a query for a resource type may name; [ParameterMemory] says
//     what the index holds for it.
//   - A [Plan] says how a search was answered; a query asks for it with _explain=true.
//
// Where R4 leaves a choice, docs/conformance.md says what is done, and which test shows it.
//
// # Invariants
//
//   - Every expression of R4's search parameters compiles.
//   - An answer is exact: totals count, and no match is left out.
//   - No error holds a value of a query or of a resource.
package search
