// Package terminology works out the codes of a value set, and the codes above or below
// a code, from the ValueSets and CodeSystems of a store (FHIR R4 §4.8, §4.9).
//
// # Terms
//
//   - A [CodeSet] is single codes, and whole systems with all their codes.
//   - An [Expansion] answers one condition of a query; its [Source] finds the resource
//     that a canonical names, as of one state of the store.
//   - A [Cache] remembers codes that were worked out. It is exact for any state.
//
// # What it does not do
//
// It asks no other server. Filters on properties other than the hierarchy are errors.
package terminology
