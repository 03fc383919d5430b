// Package datastore is a FHIR R4 data store inside a Go program: encrypted at
// rest, strict, every search parameter indexed as it is written, answers always
// fresh and totals exact.
//
//	store, err := datastore.Open(ctx, "mem:", nil) // unit tests
//	store, err := datastore.Open(ctx, dir, &datastore.Options{Key: datastore.KeyFile(path)})
//
// # Typed and untyped
//
// The functions [Create], [Read], [Update], [Delete], [Search] and their relatives are
// generic over the protos of github.com/google/fhir/go. Each has an untyped twin, a
// method of [Store], that takes and gives canonical JSON. Functions that only read take
// a [Reader]: a Store, which answers with the newest state, or a [Snapshot], which
// answers with the state at one moment until it is closed.
//
// # The way of a write
//
// The goroutine that asks for a write parses and validates the resource, annotates a
// document, extracts the search values and compresses the body. One writer then checks
// the preconditions in order, appends one sealed record for all waiting commits, makes
// it durable once, applies it, and answers all. A write that has returned is on disk,
// unless [Options.Durability] says otherwise, and every search finds it. There is no other way in: create, update, delete,
// transaction and import all end as operations of commits.
//
// # Terms
//
// A version is one state of a resource; deleting is a version too. An ordinal
// numbers versions in the order of the log, and a sequence numbers commits. See
// docs/design.md.
//
// # Search parameters of your own
//
// A SearchParameter resource with status active, or one of [Options.SearchParameters],
// becomes a search parameter once all stored resources have been indexed, in the
// background. Until then a query that names it is [ErrIndexing];
// [Store.SearchParameters] says how far each is and [Store.WaitIndexed] waits. Deleting
// or retiring the resource drops the parameter. After opening a store they are indexed
// again. Expressions see the stored form of a resource: with the id that the store
// gave, without meta.versionId and meta.lastUpdated.
//
// # Keys
//
// The caller's key is a [KeyWrapper]: [KeyFile], [Passphrase], [RawKey], or any key
// service. It encrypts the keys that the store makes for itself, when a store is made,
// opened, rewrapped or rotated, and is not asked otherwise. [Store.Rewrap] puts these
// keys under another KeyWrapper, and [Store.RotateKey] replaces them: everything is
// sealed anew, and the old keys are destroyed.
//
// # A store that begins full
//
// [Options.Preload] fills a new store before Open returns. The log keeps its progress
// in the commits of the resources themselves: after any interruption nobody can open a
// store that is half full, and the next Open with a Preload goes on behind the last
// durable line.
//
// # Copies and feeds
//
// [Store.Backup] writes a sealed copy of a store that is in use, or what followed the last
// one, and [Restore] makes a store of such pieces, as it was at any commit. [Store.Changes]
// tells each commit in order and waits for more; [Snapshot.Changes] ends with the newest.
// [Change.Head] is a position to go on from.
//
// # Looking into a store
//
// [Options.ReadOnly] opens a store beside the process that writes to it. Package repair
// tells what the files of a store have, also where it does not open, and makes a store with
// damage in its log one that opens.
//
// # Measuring
//
// [Options.Metrics] is told of each operation: its kind, resource type, duration and
// outcome. [Store.Stats] says what the index takes.
//
// # Errors
//
// Classes are matched with errors.Is ([ErrNotFound], [ErrInvalid], …). Errors
// about data are an [Error] with issues; [Outcome] turns any error into an
// OperationOutcome. No error text carries patient data or key bytes.
package datastore
