package issue

import "strings"

// A Failure is the error of data, or of a query, with which something is wrong. It
// matches its class with errors.Is.
type Failure struct {
	Class  error   // of package datastore: ErrInvalid, ErrPreconditionFailed, …
	Issues []Issue // what and where
}

// Error gives the class and the issues on one line.
func (e *Failure) Error() string {
	var b strings.Builder
	if e.Class != nil {
		b.WriteString(e.Class.Error())
	}
	for i, is := range e.Issues {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(is.String())
	}
	return b.String()
}

// Unwrap returns the class.
func (e *Failure) Unwrap() error { return e.Class }
