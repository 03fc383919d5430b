// Package export writes the resources of a store as ldjson, in files of one resource
// type and a manifest, or as a stream.
//
//	job, err := export.Start(ctx, store, export.Options{To: export.DirSink("out")})
//	result, err := job.Wait()
//	for line, err := range export.Lines(ctx, store, export.Options{Scope: "Patient"}) { … }
//
// # What an export is
//
// All files are of one moment: the state of a [datastore.Snapshot], or of a
// [datastore.Store] when the job started, whatever is written meanwhile. A file
// <Type>.ndjson holds the current version of each resource of the type in canonical
// form, one a line, in the order in which these versions were written. A type
// without resources has no file. [Options] narrow what is exported, by searches over that
// state, and say how it is cut into files.
//
// manifest.json is that of a FHIR Bulk Data export (Bulk Data Access IG 2.0.0,
// "Response - Complete Status"). It is written last, so an export with a manifest
// is whole. Of a job that fails or is cancelled, the files that were complete
// stay, and no manifest. With Since, or History, files deleted/Bundle.ndjson list
// what was deleted, one Bundle a deletion: of type transaction or, with History, of type
// history, which says number and time of the version. Deletions that were undone stand
// among the versions of a History.
//
// # Jobs
//
// An export of a Store is a job of its register (package jobs) from Start on. The register
// knows the state that the job began with and which files are complete, to the second;
// [Resume] goes on behind them. A job whose state was swept meanwhile begins anew.
//
// # What is held
//
// Start searches, and keeps what it found as sets of ordinals. From then on a job holds no
// state: sweeps go on, and the job lasts as long as it has to, unless Compact or Purge
// removes a version that it has yet to read: it then ends with datastore.ErrStalePage, and
// Resume begins anew. Files that are organized by
// patients are searched for patient by patient: that job holds its state, Stats.Held
// shows it, and after an hour it may end with datastore.ErrStalePage. Resume then begins
// anew if the state is gone.
//
// # Terms
//
// A series is files that follow each other: of one type, of patients' blocks, or of
// deletions. A part is a run of versions of one series, which one worker opens. Pages are
// what a part is handed to the writer in. A block is what is exported of one patient.
//
// # Invariants
//
//   - Memory does not depend on how much is exported, but for a bit for each version: a
//     few pages for each worker, or a few resources if these are larger.
//   - The same snapshot and options give the same bytes, but for Options.Request and the
//     job's id in HealthLake's layout.
//
// # What it does not do
//
// It exports no version that was purged or compacted away.
package export
