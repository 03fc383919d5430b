package pathpatch

import (
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/issue"
)

// An Error says why a patch cannot be applied, and where in the patch.
type Error struct {
	Pointer string // RFC 6901, in the patch: "/parameter/0/part/1"
	// Code is Structure, Required, Invalid or Value for a patch that is malformed,
	// NotFound for a path that finds nothing, Conflict for an element that is there and may
	// not be, MultipleMatches for a path that finds too much, and TooCostly for a patch beyond the limits.
	Code   issue.Code
	Reason string // free of values
}

// Error returns the place and the reason.
func (e *Error) Error() string { return "pathpatch: " + e.Issue().String() }

// Issue returns the error as an issue.
func (e *Error) Issue() issue.Issue {
	return issue.Issue{Severity: issue.Error, Code: e.Code, Pointer: e.Pointer, Offset: -1, Diagnostics: e.Reason}
}

// fails returns an error about a node of the patch.
func (p *patch) fails(n fhirjson.Index, code issue.Code, reason string) error {
	return &Error{p.doc.Pointer(n), code, reason}
}
