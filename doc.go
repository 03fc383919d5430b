// Package fhirlake is the root of a FHIR R4 data store for Go programs: encrypted
// at rest, strict, every search parameter indexed as it is written, ldjson import
// and export, a hook for reading clinical notes, FHIRPath, and a REST handler when
// a wire is wanted.
//
// # A tour
//
// A program imports datastore, and the other packages as it needs them:
//
//   - datastore opens a store in a folder or in memory and has its typed and
//     untyped operations: create, read, update, delete, search, history,
//     transactions, snapshots.
//   - datastore/rest is an http.Handler that speaks the FHIR REST API over a store.
//   - ingest imports ldjson, and makes synthetic patients; export writes a
//     snapshot as ldjson.
//   - nlp is the hook that reads the notes of DocumentReferences on their way in.
//   - fhirpath compiles and evaluates FHIRPath expressions.
//   - search has the search parameters, the query language and the planner; a
//     program rarely calls it itself.
//
// The internal packages are, from the bottom: schema (R4 as tables), fhirjson (bytes to
// tape and back), fhirproto (tape to google/fhir's protos and back), jsonpatch (JSON
// Patch), fhirtime (partial dates), ucum (units), issue (faults of data, in FHIR's
// words), seal and txlog (the sealed log), index (postings and columns), synth
// (synthetic patients), jobs (shared parts of imports and exports).
//
// docs/design.md tells how they fit together and why.
//
// This package has no code.
package fhirlake
