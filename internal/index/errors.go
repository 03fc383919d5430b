package index

import "errors"

// Errors about payloads.
var (
	// ErrDamaged is returned when a payload does not follow its format.
	ErrDamaged = errors.New("index: damaged values")
	// ErrUnsettled is returned when a payload has values that depend on settings, and
	// the index has none.
	ErrUnsettled = errors.New("index: values depend on settings that the index does not have")
	// ErrNumber is returned when a limit or a stored number is no decimal.
	ErrNumber = errors.New("index: malformed decimal")
)

// Errors of applying.
var (
	// ErrOrder is returned when a commit does not follow the commit before: its
	// sequence or its first ordinal is too low, or its time is earlier.
	ErrOrder = errors.New("index: record out of order")
	// ErrFull is returned when there are no more ordinals or entity numbers.
	ErrFull = errors.New("index: full")
	// ErrItem is returned for an impossible item of a commit: an empty or too long id,
	// values on a deletion, or a version number that does not rise.
	ErrItem = errors.New("index: malformed item")
)

// Errors of images.
var (
	// ErrChanged is returned when custom values changed while an image was written.
	ErrChanged = errors.New("index: custom values changed")
	// ErrImage is returned when sections are of another version, or are no image.
	ErrImage = errors.New("index: not an image of this version")
)
