package txlog

import (
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/issue"
)

// Opening.
var (
	// ErrLocked is returned when another Log, in this process or another,
	// has the store open for writing.
	ErrLocked = errors.New("txlog: store is locked: it is open already, here or in another process; close it there, or open it for reading")

	// ErrWrongKey is returned when the store's keyset was wrapped by another
	// key.
	ErrWrongKey = seal.ErrWrongKey

	// ErrForeign is returned when a folder holds a file that no store has. The error
	// names the file; nothing was touched.
	ErrForeign = errors.New("txlog: not a store's folder")

	// ErrExposed is returned when others than the owner may write the store's
	// folder or a file in it. The error says what to change.
	ErrExposed = errors.New("txlog: others may write to the store")

	// ErrUnsupported is returned for a format of another version, or with
	// features that this version does not know.
	ErrUnsupported = issue.ErrUnsupported

	// ErrNoKey is returned when a store on disk is opened without a key
	// wrapper.
	ErrNoKey = errors.New("txlog: a store on disk needs a key")

	// ErrNoStore is returned if there is no store to open for reading or with
	// Options.Existing, to inspect or to cut.
	ErrNoStore = errors.New("txlog: no store there")
)

// Reading.
var (
	// ErrCorrupt is returned when stored bytes are not what was written.
	ErrCorrupt = errors.New("txlog: store is damaged")

	// ErrNotFound is returned for a number that the log does not have: it was not given
	// yet, or Rewrite dropped its item.
	ErrNotFound = errors.New("txlog: no such item")

	// ErrErased is returned for an item whose key was destroyed.
	ErrErased = errors.New("txlog: the item was erased")

	// ErrClosed is returned after Close.
	ErrClosed = errors.New("txlog: log is closed")
)

// Appending and rewriting.
var (
	// ErrConflict is returned when the last commit is not the one that the
	// batch expects. Nothing was written; catch up and append again.
	ErrConflict = errors.New("txlog: another commit is the last")

	// ErrFenced is returned for a batch of another term than the log's: another
	// writer has taken over. Nothing was written.
	ErrFenced = errors.New("txlog: the writer's term is over")

	// ErrFull is returned when numbers or sequences are used up.
	ErrFull = errors.New("txlog: no numbers are left")

	// ErrTooLarge is returned for a record over MaxRecord. Nothing was written.
	ErrTooLarge = errors.New("txlog: record is too large")

	// ErrBadRecord is returned for a commit without items, one whose time is
	// before the last commit's, or an item of an unknown kind or key slot.
	// Nothing was written.
	ErrBadRecord = errors.New("txlog: record cannot be stored")

	// ErrRetired is returned by EndRotation while a segment still needs a retired key.
	ErrRetired = errors.New("txlog: a key is still needed")

	// ErrOutcomeUnknown is returned when the record was written and the disk
	// did not confirm it: it may be there after the store is opened again, or
	// not. The log is read-only until then.
	ErrOutcomeUnknown = errors.New("txlog: outcome of the write is unknown")

	// ErrReadOnly is returned by a log that was opened for reading, and after
	// an earlier write failed in a way that only opening the store again can
	// settle. Nothing was written.
	ErrReadOnly = errors.New("txlog: log is read-only")

	// ErrReplaced is returned when the path no longer leads to the folder that
	// was opened, or another file has taken the place of a file in it. The log
	// is read-only; nothing is acknowledged. It is an ErrReadOnly.
	ErrReplaced = fmt.Errorf("%w: the store's folder was replaced", ErrReadOnly)
)

// Restoring.
var (
	// ErrRestored is returned where a store was restored and then could not be opened.
	ErrRestored = errors.New("txlog: the store is restored, but could not be opened")

	// ErrPiece is returned for what is no piece of a backup, and for pieces that do not
	// follow one another. The error says which piece, and why.
	ErrPiece = errors.New("txlog: not a piece of this backup")

	// ErrNotEmpty is returned when a store would be restored into a folder that is not
	// empty. Nothing was touched.
	ErrNotEmpty = fmt.Errorf("%w: it is not empty", ErrForeign)
)
