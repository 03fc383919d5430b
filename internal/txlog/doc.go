// Package txlog is the ordered log of a store: sealed records in segments, with
// buntdb behind the segment that is being written.
//
// # Terms
//
//   - A commit has a sequence, from 1, and one or more items. A [Batch] of
//     commits is appended as one record, with one [Run] for each.
//   - An item is a resource version or named state ([Kind]). It has a [Number],
//     given once and kept wherever the item moves, and two parts that are
//     sealed apart: values and body.
//   - A segment is a file of records. Only the last is open; the others are
//     closed. [Log.Rewrite] puts new segments in the place of closed ones.
//   - The manifest says what the store consists of. Each has a generation and
//     names the one before.
//   - A key slot is a patient's: its items open with its secret, which
//     [Log.EraseSlots] destroys, and with a data key.
//   - The head says how far the log is durable. It is written after every
//     sync, and everything up to it must be there when a store is opened.
//   - A checkpoint is a file of its caller's beside the log, bound to what the log has:
//     a cache, which is used only as long as it fits.
//   - A piece is a backup of the whole log, or of the commits behind one.
//   - A term is one opening for writing. It has an id, so that a [Pin] can name
//     a point of a store's history, and a data key of its own.
//   - A rotation replaces all keys of a store. While it is under way the keyset
//     has both, and a segment that needs an old one is retired.
//
// # Invariants
//
//   - An Append that returned nil is durable: the record is synced and head
//     is written. What was in flight at a crash comes back whole or not at all.
//     With another [Durability] than [SyncCommit] it is durable later; what
//     comes back is the log up to some record then.
//   - buntdb never sees a byte that our framing reader has not accepted.
//   - Nothing that head vouches for is dropped in silence: damage there is
//     [ErrCorrupt], when the store is opened or when the segment is first
//     read. Only a torn record beyond head, with nothing after it, is cut off.
//   - The manifest on the disk is the one that head names, or the next.
//   - After a failed sync nothing is believed: [ErrOutcomeUnknown], and the
//     log is read-only until it is opened again.
//   - Nothing is acknowledged, or written to another's files, when the path no
//     longer leads to the folder that was opened: [ErrReplaced].
//   - Reading never enters buntdb and never waits for a disk to sync.
//   - Appending asks no key wrapper, and waits for nobody who asks one.
//   - An old key goes from the keyset when nothing on the disk needs it.
//
// # What it does not do
//
// It knows no resource, and compresses nothing. It does not split records, group
// commits or retry conflicts: its caller does. Whose a key slot is, its caller says.
//
// Formats: docs/format/log.md, docs/format/keyset.md and docs/format/backup.md. Reasons:
// docs/storage.md.
package txlog
