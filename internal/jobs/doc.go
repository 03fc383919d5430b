// Package jobs has the shared parts of the jobs of packages ingest and export: sinks
// for their files, and the report of their progress.
//
// # Invariants
//
//   - A file of a [Sink] appears under its name when it is closed, whole, or
//     never.
//   - In a folder, files are for their owner alone, since they may hold patient
//     data.
//
// The package does not know the content of the files.
package jobs
