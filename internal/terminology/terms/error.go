package terms

import "github.com/fhirlake/fhirlake/issue"

// An Error says why a question cannot be answered.
type Error struct {
	Code   issue.Code
	Reason string // may name canonicals, and no codes
}

// Error returns the reason.
func (e *Error) Error() string { return "terms: " + e.Reason }

func fail(code issue.Code, reason string) error { return &Error{code, reason} }
