package param

import (
	"unsafe"
)

// AsText returns b as a string without a copy. b must not change while the string
// is in use; Builder copies what it is given.
func AsText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
