// Package bundle carries out Bundles of type batch and transaction on an engine (FHIR
// R4 §3.1.0.11).
//
// # Terms
//
//   - The envelope is all of a Bundle but the resources in it.
//   - An entry asks for one interaction: its request has a method and a URL, the target.
//   - A link is a text by which other entries refer to an entry: its fullUrl, or a
//     conditional reference.
//   - Criteria are the search of a conditional interaction or reference.
//   - A placeholder is the fullUrl of an entry in criteria.
//   - A transaction is worked out before it is committed: the resource and the id of each
//     entry, and the new texts of its links.
//
// # The way of a transaction
//
// The envelope is checked as strictly as a Bundle that is stored. Entries without a
// condition get their ids. Conditions are decided by the state, and resources are
// prepared side by side. Conditions on types that are written are decided again by a
// draft of the prepared resources, until nothing changes. GETs are tried. Then all is
// one commit, which expects the matches of the conditions, and GETs are answered as of
// it.
//
// # Choices
//
//   - Conditions are decided on the state that the other entries leave: a deleted
//     resource does not match, a written one may. Conditions of deletions are decided
//     on the state before. docs/conformance.md says which entries count for which.
//   - Criteria may look at several resources. If the Bundle writes one of these, the
//     criteria cannot be decided so and are refused.
//   - A Bundle that is stored is left alone: links between its entries stay.
//   - Each entry of a batch is a transaction of its own.
//   - Operations are answered by a function of the caller ([WithOperations]), as GETs are. In
//     a transaction they change nothing, and see the state behind the commit.
//
// # Invariants
//
//   - A transaction is one commit of the engine: all of it or nothing.
//   - No text that names an entry is searched for, or stored in a reference, as it is.
//   - The match of a condition by search is an expectation of the commit. If another
//     write overtakes one, the whole transaction is worked out again.
//   - The work for a Bundle grows with its size. The cost of its searches together, and
//     the length of the answers to its GETs, are limited.
//
// The package reads and writes JSON alone, and knows HTTP by its statuses only.
package bundle
