// Package export writes the resources of a store as ldjson, in files of one resource
// type and a manifest, or as a stream.
//
//	job, err := export.Start(ctx, store, export.Options{To: export.DirSink("out")})
//	result, err := job.Wait()
//	for line, err := range export.Lines(ctx, store, export.Options{Scope: "Patient"}) { … }
//
// # Content
//
// All files show one state: of a [datastore.Snapshot], or of a [datastore.Store] when
// the job started, however much is written meanwhile. A file <Type>.ndjson holds the
// current version of each resource of the type in canonical form, one a line, in the
// order in which these versions were written. A type without resources has no file.
// [Options] narrow what is exported, by searches over that state, and say how it is cut
// into files.
//
// manifest.json is the manifest of a FHIR Bulk Data export (Bulk Data Access IG 2.0.0,
// "Response - Complete Status"). It is written last, so an export with a manifest is
// whole. A job that fails or is cancelled leaves its complete files, and no manifest.
// With Since, or History, files deleted/Bundle.ndjson list the deletions, one Bundle a
// deletion: of type transaction or, with History, of type history, which has number and
// time of the version. Deletions that were undone stand among the versions of a
// History.
//
// # Jobs
//
// An export of a Store is a job of its register (package jobs) from Start on. The register
// has the state with which the job began, and its complete files up to a second ago;
// [Resume] goes on behind them. If the state was swept meanwhile, the job begins anew.
//
// # Holds
//
// Start searches, and keeps the matches as sets of ordinals. From then on a job holds no
// state: sweeps go on, however long the job lasts. If Compact or Purge removes a version
// before the job has read it, the job ends with datastore.ErrStalePage, and Resume begins
// anew. A job with files that are organized by patients searches for each patient: it holds
// its state, Stats.Held shows it, and after an hour it may end with datastore.ErrStalePage.
// Resume then begins anew if the state is gone.
//
// # Terms
//
// A series is files that follow each other: of one type, of patients' blocks, or of
// deletions. A batch is a run of versions of one series, which one worker opens. A batch
// goes to the writer in chunks. A block is the exported resources of one patient.
//
// # Invariants
//
//   - Memory does not depend on the size of the export, except for a bit for each
//     version: a few chunks for each worker, or a few resources if these are larger.
//   - The same snapshot and options give the same bytes, except for Options.Request and
//     the job's id in HealthLake's layout.
//
// # What it does not do
//
// It exports no version that was purged or compacted away.
package export
