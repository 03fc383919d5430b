package pack

import (
	"errors"

	"github.com/fhirlake/fhirlake/issue"
)

var (
	// ErrDamaged is returned for a block or a dictionary that no writer of this format
	// wrote.
	ErrDamaged = errors.New("pack: damaged")
	// ErrUnsupported is returned when a block or a dictionary is of a format that this
	// version does not know.
	ErrUnsupported = issue.ErrUnsupported
	// ErrDictionary is returned when a block names a dictionary that is not there.
	ErrDictionary = errors.New("pack: unknown dictionary")
)
