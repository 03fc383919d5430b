package jsonpatch

import "github.com/fhirlake/fhirlake/issue"

// An Error says why a patch cannot be applied, and where in the patch.
type Error struct {
	Pointer string // RFC 6901, in the patch: "/2/path"
	Offset  int64  // byte offset in the patch, -1 where the patch is good JSON
	// Code is Structure, Required or Value for a patch that is malformed, NotFound
	// for a place that is not in the document, Conflict for a test that fails, and
	// TooCostly for a patch beyond the limits.
	Code   issue.Code
	Reason string // free of values
}

// Error returns the place and the reason.
func (e *Error) Error() string {
	return "jsonpatch: " + e.Issue().String()
}

// Issue returns the error as an issue.
func (e *Error) Issue() issue.Issue {
	return issue.Issue{Severity: issue.Error, Code: e.Code, Pointer: e.Pointer, Offset: e.Offset, Diagnostics: e.Reason}
}
