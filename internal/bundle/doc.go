// Package bundle carries out Bundles of type batch and transaction on an engine (FHIR
// R4 §3.1.0.11).
//
// # Terms
//
//   - An entry asks for one interaction: its request has a method and a URL, the target.
//   - A link is what other entries may refer to an entry by: its fullUrl.
//   - A plan is a transaction while it is worked out: which resource each entry is
//     about, under which id, and what its links become.
//
// # Invariants
//
//   - A transaction is one commit of the engine: all of it or nothing.
//   - Ids are given and links fixed before any resource is prepared, so that resources
//     are prepared side by side.
//   - What conditions by search found is an expectation of the commit. Where others
//     overtake one, the whole transaction is worked out again.
//
// The package reads and writes JSON alone, and knows HTTP by its statuses only.
package bundle
