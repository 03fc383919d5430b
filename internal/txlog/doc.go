// Package txlog is the ordered log of a store: sealed records in segments, with
// buntdb behind the segment that is being written.
//
// # Terms
//
//   - A record is what one commit appends: a [Header] and one or more items.
//     Records are numbered by their sequence, from 1, without gaps.
//   - An item is one resource version. It has an [Ordinal], counted over the
//     whole log from 0, and two parts that are sealed apart: values and body.
//   - A segment is a file of records, named by its first sequence. Only the
//     last is open; the others are closed and do not change.
//   - The head says how far the log is durable. It is written after every
//     commit, and everything up to it must be there when a store is opened.
//   - The tag of a record authenticates it and, through the tag of the record
//     before, all of its history.
//
// # Invariants
//
//   - An Append that returned nil is durable: the record is synced and head
//     is written. What was in flight at a crash comes back whole or not at all.
//   - buntdb never opens a file that our framing reader has not accepted byte
//     for byte.
//   - Nothing that head vouches for is dropped in silence: damage there is
//     [ErrCorrupt], when the store is opened or when the segment is first
//     read. Only a torn record beyond head, with nothing after it, is cut off.
//   - After a failed sync nothing is believed: [ErrOutcomeUnknown], and the
//     log is read-only until it is opened again.
//   - Reading never enters buntdb and never waits for a disk to sync.
//
// # What it does not do
//
// It knows no resource, and compresses nothing. It does not split records, group
// commits or retry conflicts: its caller does. Keys of patients, erasure,
// rotation, compaction and backup have room in the formats and no code here.
//
// Formats: docs/format/log.md and docs/format/keyset.md. Reasons:
// docs/storage.md.
package txlog
