package ucum

import (
	"errors"
	"strconv"
)

var (
	// ErrNotComparable is returned when two units have different dimensions.
	ErrNotComparable = errors.New("ucum: units are not commensurable")
	// ErrSpecial is returned when a special unit is multiplied, divided or
	// raised to a power (UCUM §21).
	ErrSpecial = errors.New("ucum: a special unit takes no part in products")
	// ErrRange is returned when a number is too large or too small, or has no
	// image under a special unit's function, as the logarithm of -1.
	ErrRange = errors.New("ucum: number out of range")
	// ErrNumber is returned when a text is no decimal number.
	ErrNumber = errors.New("ucum: not a decimal number")
)

// A SyntaxError reports a code that is no UCUM unit.
type SyntaxError struct {
	Offset int    // byte offset in the code
	Reason string // free of the code itself
}

func (e *SyntaxError) Error() string {
	return "ucum: " + e.Reason + " at offset " + strconv.Itoa(e.Offset)
}
