// Package bundle carries out Bundles of type batch and transaction on an engine (FHIR
// R4 §3.1.0.11).
//
// # Terms
//
//   - The envelope is all of a Bundle but the resources in it.
//   - An entry asks for one interaction: its request has a method and a URL, the target.
//   - A link is what other entries may refer to an entry by: its fullUrl, or a
//     conditional reference.
//   - Criteria are the search of a conditional interaction or reference.
//   - A placeholder is the fullUrl of an entry in criteria.
//   - A plan is a transaction while it is worked out: which resource each entry is
//     about, under which id, and what its links become.
//
// # The way of a transaction
//
// The envelope is checked as strictly as a Bundle that is stored. Entries without a
// condition get their ids. Conditions are decided by the state, resources are prepared
// side by side, and if conditions are about types that are written they are decided again
// by a draft of what was prepared, until nothing changes. GETs are tried. Then all is one
// commit, which rests on what conditions have found, and GETs are answered as of it.
//
// # Choices
//
//   - Conditions are decided on the state that the other entries leave: what they delete
//     does not match, what they write does. Those of deletions are decided on the state
//     before. docs/conformance.md says which entry counts for which.
//   - What cannot be decided so, since criteria look at several resources of which some
//     are written, is refused.
//   - A Bundle that is stored is left alone: what its entries say among themselves is
//     theirs.
//   - Each entry of a batch is a transaction of its own.
//
// # Invariants
//
//   - A transaction is one commit of the engine: all of it or nothing.
//   - No text that names an entry is searched for, or stored in a reference, as it is.
//   - What conditions by search found is an expectation of the commit. Where others
//     overtake one, the whole transaction is worked out again.
//   - The work for a Bundle grows with its size. What its searches may cost together, and
//     how long the answers to its GETs may be, is limited.
//
// The package reads and writes JSON alone, and knows HTTP by its statuses only.
package bundle
