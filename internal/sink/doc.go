// Package sink is where jobs put files: the interface that packages ingest and
// export share, and its implementations for a folder and for memory.
//
// # Invariants
//
//   - A file appears under its name when it is closed, whole, or never.
//   - In a folder, files are for their owner alone, since they may hold patient
//     data.
//
// The package knows nothing of what the files hold.
package sink
