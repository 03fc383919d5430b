package datastore

import (
	"errors"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
)

// Opening a store.
var (
	// ErrUnsupported is returned for a part of FHIR that this version does not support,
	// and for a store of a format that it does not read.
	ErrUnsupported = engine.ErrUnsupported
	// ErrNoKey is returned when a store in a folder is opened without a key.
	ErrNoKey = engine.ErrNoKey
	// ErrWrongKey is returned when the key is not the one the store was made with.
	ErrWrongKey = engine.ErrWrongKey
	// ErrLocked is returned when the store is open already, here or in another
	// process.
	ErrLocked = engine.ErrLocked
	// ErrKey is returned when the key cannot be used: the passphrase is empty, the key
	// file is malformed or open to others, or the wrapper failed.
	ErrKey = engine.ErrKey
	// ErrForeign is returned when a folder holds files that no store has.
	ErrForeign = engine.ErrForeign
	// ErrExposed is returned when others than the owner may write to the store's
	// folder or to a file in it. The error says what to change.
	ErrExposed = engine.ErrExposed
	// ErrNoStore is returned by Open with Options.Existing or Options.ReadOnly, and by
	// package repair, where there is no store.
	ErrNoStore = engine.ErrNoStore
	// ErrCorrupt is returned when stored bytes are not what was written.
	ErrCorrupt = engine.ErrCorrupt
	// ErrPreload is returned when filling a new store by Options.Preload failed, and
	// for a store whose preload did not finish. The error says what to do.
	ErrPreload = errors.New("datastore: preload")
)

// Reading and writing.
var (
	// ErrNotFound is returned for a resource or version that never was.
	ErrNotFound = engine.ErrNotFound
	// ErrGone is returned for a resource or version that was deleted.
	ErrGone = engine.ErrGone
	// ErrInvalid is returned for data or a query that breaks a rule of FHIR.
	ErrInvalid = engine.ErrInvalid
	// ErrPreconditionFailed is returned when a condition of a write does not
	// hold: IfMatch names another version, a search found several resources, or a
	// conditional reference does not find one.
	ErrPreconditionFailed = engine.ErrPreconditionFailed
	// ErrConflict is returned when others kept changing what a conditional write
	// depends on.
	ErrConflict = engine.ErrConflict
	// ErrVersionOrder is returned for a version that keeps its number or time
	// (KeepVersion) and does not follow the store's newest version of the resource.
	ErrVersionOrder = engine.ErrVersionOrder
	// ErrTooCostly is returned for a query past its limits.
	ErrTooCostly = engine.ErrTooCostly
	// ErrIndexing is returned for a query with a search parameter that is still being
	// indexed.
	ErrIndexing = engine.ErrIndexing
	// ErrStalePage is returned for a page token that was made with another zone or base
	// or before search parameters changed, and for a token whose state was superseded
	// ten minutes ago or earlier: versions that only such states see are swept from the
	// index. A search of a closed snapshot may report it too.
	ErrStalePage = engine.ErrStalePage
	// ErrFull is returned for a write to a store that has as many versions or ids as it
	// can have. Nothing was written; deletions are still possible.
	ErrFull = engine.ErrFull
	// ErrClock is returned for a write while the clock stands more than a minute before
	// the last write, or beyond the year 9999.
	ErrClock = engine.ErrClock
	// ErrCallback is returned when a function of the options, such as NewID, panicked
	// or returned an unusable value. Nothing was written.
	ErrCallback = engine.ErrCallback
)

// The store's state.
var (
	// ErrClosed is returned after Close.
	ErrClosed = engine.ErrClosed
	// ErrReadOnly is returned for writes to a store that was opened with
	// Options.ReadOnly, after a write failed in a way that only opening the store again can
	// settle, and after the store's folder was moved away or another took its place.
	ErrReadOnly = engine.ErrReadOnly
	// ErrOutcomeUnknown is returned when a write was not confirmed by the disk. It
	// may be there once the store is opened again, whole, or not at all.
	ErrOutcomeUnknown = engine.ErrOutcomeUnknown
)

// An Issue is one thing that is wrong with data: severity, FHIR issue code, place and
// rule. Package issue has the severities and codes.
type Issue = issue.Issue

// An Error reports what is wrong with data or with a query: its Class, which it
// matches with errors.Is, and Issues, which say what and where.
type Error = issue.Failure

// Outcome returns the OperationOutcome of an error as JSON. For nil it says that all is
// well.
func Outcome(err error) []byte { return engine.Outcome(err) }

// Issues returns an error as issues, at least one for an error that is not nil. The
// texts of errors of the disk are left out, since they may name files.
func Issues(err error) []Issue { return engine.Issues(err) }

// Status returns the HTTP status that FHIR gives to an error (R4 §3.1.0.1.5 and
// following): 200 for nil.
func Status(err error) int { return engine.Status(err) }
