// Package repair looks into the files of a store, also where it does not open, and makes a
// store with damage in its log one that opens.
//
// [Inspect] tells what the files have, [Records] describes the records of the log, and [Cut]
// cuts the log before damage. None of them needs the store to open. Inspect and Records
// take no lock and change nothing, so that they work beside a running process. See
// examples/admin.
//
// Errors are of the classes of package datastore: ErrNoStore, ErrForeign, ErrWrongKey,
// ErrLocked, ErrCorrupt. No text has keys or data.
package repair
