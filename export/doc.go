// Package export writes the resources of a store as ldjson, one file a resource
// type, and a manifest.
//
//	job, err := export.Start(ctx, store, export.Options{To: export.DirSink("out")})
//	result, err := job.Wait()
//
// # What an export is
//
// All files are of one moment: the state of a [datastore.Snapshot], or of a
// [datastore.Store] when the job started, whatever is written meanwhile. A file
// <Type>.ndjson holds the current version of each resource of the type in canonical
// form, one a line, in the order in which these versions were written. A type
// without resources has no file.
//
// manifest.json is that of a FHIR Bulk Data export (Bulk Data Access IG 2.0.0,
// "Response - Complete Status"). It is written last, so an export with a manifest
// is whole. Of a job that fails or is cancelled, the files that were complete
// stay, and no manifest.
//
// # Terms
//
// A part is a run of versions of one type, which one worker opens. Pages are what
// a part is handed to the writer in.
//
// # Invariants
//
//   - Memory does not depend on how much is exported: a few pages for each worker,
//     or a few resources if these are larger.
//   - The same snapshot gives the same bytes, but for Options.Request.
//
// # What it does not do
//
// Deleted resources and earlier versions are not exported, and nothing is
// filtered but by type.
package export
