// Package terms answers the terminology operations of FHIR R4 ($expand, $validate-code,
// $lookup, $subsumes, $translate) from CodeSystem, ValueSet and ConceptMap resources.
//
// # Terms
//
//   - A [System] is a code system in memory, with its hierarchy.
//   - A [Set] is a value set as it is defined; an [Entry] is a code of its expansion.
//   - A [Source] finds the resource that a canonical names.
//   - A [Service] answers the questions of one request.
//
// # What it does not do
//
// It knows the code systems of its source alone, and asks no other server.
// Supplements are not read.
package terms
