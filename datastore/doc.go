// Package datastore is a FHIR R4 data store inside a Go program: encrypted at
// rest, strict, every search parameter indexed as it is written, answers always
// fresh and totals exact.
//
//	store, err := datastore.Open(ctx, "mem:", nil) // unit tests
//	store, err := datastore.Open(ctx, dir, &datastore.Options{Key: datastore.KeyFile(path)})
//
// # Typed and untyped
//
// The functions [Create], [Read], [Update], [Delete], [Search] and their
// relatives are generic over the protos of github.com/google/fhir/go. Each has
// an untyped twin, a method of [Store], that takes and gives canonical JSON.
// What only reads takes a [Reader]: a Store, which answers with the newest
// state, or a [Snapshot], which answers with the state at one moment until it is
// closed.
//
// # The way of a write
//
// A write is parsed and validated, a document annotated, its search values extracted and its
// body compressed by the goroutine that asks for it. One writer then checks the
// preconditions in order, appends one sealed record for everyone who waits,
// makes it durable once, applies it, and answers all. A write that has returned
// is on disk, unless [Options.Durability] says otherwise, and every search finds it. There is no other way in: create,
// update, delete, transaction and import all end as operations of commits.
//
// # Terms
//
// A version is one state of a resource; deleting is a version too. An ordinal
// numbers versions in the order of the log, and a sequence numbers commits. See
// docs/design.md.
//
// # Search parameters of your own
//
// A SearchParameter resource with status active, or one of
// [Options.SearchParameters], is a search parameter once all resources that are
// there have been indexed, in the background: at once for those written later.
// [Store.SearchParameters] says how far each is and [Store.WaitIndexed] waits. Until
// then a query that names it is [ErrIndexing]. Deleting or retiring the resource
// drops it. After opening a store they are indexed again. Their expressions see what is
// stored: the id that the store gave, and neither meta.versionId nor meta.lastUpdated.
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
// [Options.Preload] fills a new store before Open returns. How far it is stands in the
// log, in the commits of the resources themselves: whatever interrupts it, nobody can
// open a store that is half full, and the next Open with a Preload goes on behind the
// last durable line.
//
// # Looking into a store
//
// [Options.ReadOnly] opens a store beside the process that writes to it. [Inspect] and
// [InspectRecords] tell what the files of a store have, also where it does not open, and
// [Cut] makes a store with damage in its log one that opens. See examples/admin.
//
// # Errors
//
// Classes are matched with errors.Is ([ErrNotFound], [ErrInvalid], …). Errors
// about data are an [Error] with issues; [Outcome] turns any error into an
// OperationOutcome. No error text carries patient data or key bytes.
package datastore
