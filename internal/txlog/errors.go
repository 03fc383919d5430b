package txlog

import (
	"errors"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Opening.
var (
	// ErrLocked is returned when another Log, in this process or another,
	// has the store open.
	ErrLocked = errors.New("txlog: store is locked")

	// ErrWrongKey is returned when the store's keyset was wrapped by another
	// key.
	ErrWrongKey = seal.ErrWrongKey

	// ErrForeign is returned when a folder holds something that is not a
	// store's. The error names it; nothing was touched.
	ErrForeign = errors.New("txlog: not a store's folder")

	// ErrUnsupported is returned for a format of a later version.
	ErrUnsupported = errors.New("txlog: format is not supported")

	// ErrNoKey is returned when a store on disk is opened without a key
	// wrapper.
	ErrNoKey = errors.New("txlog: a store on disk needs a key")
)

// Reading.
var (
	// ErrCorrupt is returned when stored bytes are not what was written.
	ErrCorrupt = errors.New("txlog: store is damaged")

	// ErrNotFound is returned for an ordinal that the log does not have.
	ErrNotFound = errors.New("txlog: no such ordinal")

	// ErrClosed is returned after Close.
	ErrClosed = errors.New("txlog: log is closed")
)

// Appending.
var (
	// ErrConflict is returned when a record's sequence or first ordinal is not
	// the next. Nothing was written; renumber and append again.
	ErrConflict = errors.New("txlog: sequence is not the next")

	// ErrTooLarge is returned for a record over MaxRecord, or one whose items
	// would use up the ordinals. Nothing was written.
	ErrTooLarge = errors.New("txlog: record is too large")

	// ErrBadRecord is returned for a record without items, or with an item of
	// a key slot that does not exist. Nothing was written.
	ErrBadRecord = errors.New("txlog: record cannot be stored")

	// ErrOutcomeUnknown is returned when the record was written and the disk
	// did not confirm it: it may be there after the store is opened again, or
	// not. The log is read-only until then.
	ErrOutcomeUnknown = errors.New("txlog: outcome of the write is unknown")

	// ErrReadOnly is returned after an earlier write failed in a way that only
	// opening the store again can settle. Nothing was written.
	ErrReadOnly = errors.New("txlog: log is read-only until it is opened again")
)
