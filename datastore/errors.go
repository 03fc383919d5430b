package datastore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/search"
)

// Opening a store.
var (
	// ErrNoKey is returned when a store in a folder is opened without a key.
	ErrNoKey = txlog.ErrNoKey
	// ErrWrongKey is returned when the key is not the one the store was made with.
	ErrWrongKey = txlog.ErrWrongKey
	// ErrLocked is returned when the store is open already, here or in another
	// process.
	ErrLocked = txlog.ErrLocked
	// ErrForeign is returned when a folder holds files that are not a store's.
	ErrForeign = txlog.ErrForeign
	// ErrCorrupt is returned when stored bytes are not what was written.
	ErrCorrupt = txlog.ErrCorrupt
)

// Reading and writing.
var (
	// ErrNotFound is returned for a resource or version that never was.
	ErrNotFound = errors.New("datastore: resource not found")
	// ErrGone is returned for a resource or version that was deleted.
	ErrGone = errors.New("datastore: resource was deleted")
	// ErrInvalid is returned for data or a query that breaks a rule of FHIR.
	ErrInvalid = errors.New("datastore: invalid")
	// ErrUnsupported is returned for what FHIR allows and this version does not.
	ErrUnsupported = errors.New("datastore: not supported")
	// ErrPreconditionFailed is returned when a condition of a write does not
	// hold: IfMatch names another version, or a search found several resources.
	ErrPreconditionFailed = errors.New("datastore: precondition failed")
	// ErrConflict is returned when others kept changing what a conditional write
	// depends on.
	ErrConflict = errors.New("datastore: conflict")
	// ErrTooCostly is returned for a query past its limits.
	ErrTooCostly = search.ErrTooCostly
	// ErrIndexing is returned for a query that asks for a search parameter which is
	// still being indexed.
	ErrIndexing = errors.New("datastore: search parameter is being indexed")
	// ErrStalePage is returned for a page token that this store did not give, or
	// whose state was superseded ten minutes ago or earlier: what only such states
	// see is swept from the index. A search of a snapshot that was closed may report
	// it too.
	ErrStalePage = search.ErrStalePage
)

// The store's state.
var (
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("datastore: store is closed")
	// ErrReadOnly is returned for writes after one failed in a way that only
	// opening the store again can settle.
	ErrReadOnly = txlog.ErrReadOnly
	// ErrOutcomeUnknown is returned when a write was not confirmed by the disk. It
	// may be there once the store is opened again, whole, or not at all.
	ErrOutcomeUnknown = txlog.ErrOutcomeUnknown
)

// An Issue is one thing that is wrong with data: severity, FHIR issue code,
// place and rule.
type Issue = issue.Issue

// An Error reports what is wrong with data or with a query. It matches its class
// with errors.Is.
type Error struct {
	Class  error // ErrInvalid, ErrPreconditionFailed, …
	Issues []Issue
}

// Error gives the class and the issues on one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Class.Error())
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
func (e *Error) Unwrap() error { return e.Class }

// failf returns an Error of one issue.
func failf(class error, code issue.Code, format string, args ...any) *Error {
	return &Error{Class: class, Issues: []Issue{{
		Severity: issue.Error, Code: code, Offset: -1, Diagnostics: fmt.Sprintf(format, args...),
	}}}
}

// invalid turns an error of the parser or of a query into an Error.
func invalid(err error) error {
	var malformed *fhirjson.Error
	if errors.As(err, &malformed) {
		return &Error{Class: ErrInvalid, Issues: malformed.Issues}
	}
	return err
}

// Outcome returns the OperationOutcome of an error as JSON; of nil, one that
// says that all is well.
func Outcome(err error) []byte {
	if err == nil {
		return issue.AppendOutcome(nil)
	}
	return issue.AppendOutcome(nil, Issues(err)...)
}

// Issues returns what an error says as issues, at least one for an error that is
// not nil.
func Issues(err error) []Issue {
	var data *Error
	if errors.As(err, &data) && len(data.Issues) > 0 {
		return data.Issues
	}
	if err == nil {
		return nil
	}
	code := issue.Exception
	for _, c := range []struct {
		class error
		code  issue.Code
	}{
		{ErrNotFound, issue.NotFound}, {ErrGone, issue.Deleted}, {ErrInvalid, issue.Invalid},
		{ErrUnsupported, issue.NotSupported}, {ErrPreconditionFailed, issue.Conflict}, {ErrConflict, issue.Conflict},
		{ErrTooCostly, issue.TooCostly}, {ErrStalePage, issue.Invalid}, {ErrReadOnly, issue.NoStore},
		{ErrOutcomeUnknown, issue.NoStore}, {ErrClosed, issue.Transient}, {ErrIndexing, issue.Transient}, {context.DeadlineExceeded, issue.Timeout},
		{context.Canceled, issue.Transient},
	} {
		if errors.Is(err, c.class) {
			code = c.code
			break
		}
	}
	return []Issue{{Severity: issue.Error, Code: code, Offset: -1, Diagnostics: err.Error()}}
}
