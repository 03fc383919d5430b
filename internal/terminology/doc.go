// Package terminology works out codes: those of a value set, and those above or below a
// code, from the ValueSets and CodeSystems of a store (FHIR R4 §4.8, §4.9).
//
// # Terms
//
//   - A [CodeSet] is codes by name, and systems of which it has all codes.
//   - An [Expansion] answers one condition of a query; its [Source] says which resource a
//     canonical names, as of one state of the store.
//   - A [Cache] remembers what was worked out. It is exact for any state.
//
// # What it does not do
//
// It asks no other server. Filters on properties other than the hierarchy are errors.
package terminology
