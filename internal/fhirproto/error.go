package fhirproto

import "strconv"

// An Error says why a resource has no proto, or a proto no JSON. It does not show
// values.
type Error struct {
	Pointer string // JSON Pointer (RFC 6901) of the element
	Offset  int    // byte offset in what was read, JSON or wire format
	Reason  string
}

// Error returns the reason with its place.
func (e *Error) Error() string {
	return "fhirproto: " + e.Pointer + " (byte " + strconv.Itoa(e.Offset) + "): " + e.Reason
}

// under puts the pointer under one more step: a name, and an index unless it is
// negative.
func (e *Error) under(name string, index int) {
	if index >= 0 {
		name += "/" + strconv.Itoa(index)
	}
	e.Pointer = "/" + name + e.Pointer
}
