// Package jobs holds what the jobs of packages ingest and export share: where
// they put files, and how they tell their progress.
//
// # Invariants
//
//   - A file of a [Sink] appears under its name when it is closed, whole, or
//     never.
//   - In a folder, files are for their owner alone, since they may hold patient
//     data.
//
// The package knows nothing of what the files hold.
package jobs
