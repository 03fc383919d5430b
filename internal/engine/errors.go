package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// Opening.
var (
	ErrNoKey       = txlog.ErrNoKey
	ErrWrongKey    = txlog.ErrWrongKey
	ErrLocked      = txlog.ErrLocked
	ErrForeign     = txlog.ErrForeign
	ErrCorrupt     = txlog.ErrCorrupt
	ErrUnsupported = issue.ErrUnsupported
	ErrNoStore     = txlog.ErrNoStore
	ErrExposed     = txlog.ErrExposed
	ErrKey         = seal.ErrKey
)

// Reading and writing.
var (
	ErrNotFound           = errors.New("datastore: resource not found")
	ErrGone               = errors.New("datastore: resource was deleted")
	ErrInvalid            = errors.New("datastore: invalid")
	ErrPreconditionFailed = errors.New("datastore: precondition failed")
	ErrConflict           = errors.New("datastore: conflict")
	// ErrVersionOrder is returned for a version that keeps its number or time and does
	// not follow the store's newest version of the resource.
	ErrVersionOrder = errors.New("datastore: version out of order")
	// ErrUnresolved is returned for a conditional reference that does not find one
	// resource. It is an ErrPreconditionFailed.
	ErrUnresolved = fmt.Errorf("%w: conditional reference", ErrPreconditionFailed)
	ErrTooCostly  = exec.ErrTooCostly
	ErrIndexing   = errors.New("datastore: search parameter is being indexed")
	ErrStalePage  = exec.ErrStalePage
	ErrClock      = errors.New("datastore: the clock cannot be used")
	ErrFull       = txlog.ErrFull
	// ErrCallback is returned when a function of the caller's own, such as NewID,
	// panicked, ended its goroutine, or returned an unusable value.
	ErrCallback = errors.New("datastore: a function of the options failed")
)

// The store's state.
var (
	ErrClosed         = errors.New("datastore: store is closed")
	ErrReadOnly       = txlog.ErrReadOnly
	ErrOutcomeUnknown = txlog.ErrOutcomeUnknown
	ErrReplaced       = txlog.ErrReplaced
)

// ErrOvertaken is returned by Commit when a condition by search has another answer than
// the commit expects: its caller works the commit out again.
var ErrOvertaken = errors.New("datastore: a condition by search changed")

// An Issue is one fault of a resource or a query.
type Issue = issue.Issue

// An Error reports what is wrong with data or with a query.
type Error = issue.Failure

// Failf returns an Error of one issue.
func Failf(class error, code issue.Code, format string, args ...any) *Error {
	return &Error{Class: class, Issues: []Issue{{
		Severity: issue.Error, Code: code, Offset: -1, Diagnostics: fmt.Sprintf(format, args...),
	}}}
}

// At puts a pointer before the pointers of an Error's issues: an issue of an entry's
// resource becomes one of the Bundle.
func At(pointer string, err error) error {
	var data *Error
	if !errors.As(err, &data) {
		return fmt.Errorf("datastore: %s: %w", pointer, err)
	}
	moved := &Error{Class: data.Class, Issues: make([]Issue, len(data.Issues))}
	for i, is := range data.Issues {
		is.Pointer = pointer + is.Pointer
		if strings.HasPrefix(pointer, "/entry") {
			is.Root = "Bundle"
		}
		is.Offset = -1 // an offset counts within the part alone
		moved.Issues[i] = is
	}
	return moved
}

// AtIn is At for a place in a resource of the given type.
func AtIn(typ, pointer string, err error) error {
	err = At(pointer, err)
	if data, ok := err.(*Error); ok { // its issues are its own
		for i := range data.Issues {
			data.Issues[i].Root = typ
		}
	}
	return err
}

// Invalid turns an error of the parser into an Error.
func Invalid(err error) error {
	if err == nil {
		return nil
	}
	var malformed *fhirjson.Error
	if errors.As(err, &malformed) {
		return &Error{Class: ErrInvalid, Issues: malformed.Issues}
	}
	return err
}

// errForeignPage reports a page token of another store or of another query.
var errForeignPage = Failf(ErrInvalid, issue.Value, "%s: the token was not made by this store for this query", search.PageParameter)

// QueryError turns an error of package search into one of this package's classes.
func QueryError(err error) error {
	var query *param.QueryError
	if errors.As(err, &query) {
		class := ErrInvalid
		switch query.Code {
		case issue.TooCostly:
			class = ErrTooCostly
		case issue.Transient:
			class = ErrIndexing
		}
		return &Error{Class: class, Issues: []Issue{query.Issue(issue.Error)}}
	}
	if errors.Is(err, exec.ErrInvalidPage) {
		return errForeignPage
	}
	return logError(err)
}

// logError gives an error of the log the class that it has here.
func logError(err error) error {
	if errors.Is(err, txlog.ErrClosed) {
		return ErrClosed
	}
	return err
}

// A class says how errors of one kind are shown to clients.
type class struct {
	err    error
	code   issue.Code
	status int // of HTTP (FHIR R4 §3.1.0.1.5 and following)
	// inner says that the texts of such errors may name files: only the class is shown.
	inner bool
}

// classes are looked at in order.
var classes = []class{
	{ErrNotFound, issue.NotFound, 404, false},
	{ErrGone, issue.Deleted, 410, false},
	{access.ErrForbidden, issue.Forbidden, 403, false},
	{ErrPreconditionFailed, issue.Conflict, 412, false},
	{ErrConflict, issue.Conflict, 409, false},
	{ErrVersionOrder, issue.Conflict, 409, false},
	{ErrStalePage, issue.Invalid, 410, false},
	{ErrTooCostly, issue.TooCostly, 403, false},
	{ErrIndexing, issue.Transient, 503, false},
	{ErrCallback, issue.Exception, 500, false},
	{ErrClock, issue.Transient, 503, false},
	{ErrFull, issue.NoStore, 507, false},
	{ErrUnsupported, issue.NotSupported, 501, true},
	{ErrInvalid, issue.Invalid, 400, false},
	{ErrOutcomeUnknown, issue.NoStore, 500, true},
	{ErrReplaced, issue.NoStore, 503, true},
	{ErrReadOnly, issue.NoStore, 503, true},
	{ErrClosed, issue.Transient, 503, true},
	{ErrCorrupt, issue.Exception, 500, true},
	{context.DeadlineExceeded, issue.Timeout, 504, true},
	{context.Canceled, issue.Transient, 503, true},
}

// classOf returns the class of an error. The class of an unforeseen error has no err.
func classOf(err error) class {
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c
		}
	}
	return class{code: issue.Exception, status: 500, inner: true}
}

// Status returns the HTTP status that FHIR gives to an error (R4 §3.1.0.1.5 and
// following): 200 for nil.
func Status(err error) int {
	if err == nil {
		return 200
	}
	var data *Error
	if errors.As(err, &data) {
		for _, i := range data.Issues {
			if i.Code == issue.TooLong {
				return 413
			}
		}
	}
	return classOf(err).status
}

// Issues returns an error as issues, at least one for an error that is not nil. The
// texts of errors of the disk are left out, since they may name files.
func Issues(err error) []Issue {
	if err == nil {
		return nil
	}
	var data *Error
	if errors.As(err, &data) && len(data.Issues) > 0 {
		return data.Issues
	}
	c := classOf(err)
	text := err.Error()
	switch {
	case c.err == nil:
		text = "datastore: internal error"
	case c.inner:
		// A client need not know which package found the error.
		text = c.err.Error()
		if _, rest, ok := strings.Cut(text, ": "); ok {
			text = rest
		}
		text = "datastore: " + text
	}
	return []Issue{{Severity: issue.Error, Code: c.code, Offset: -1, Diagnostics: text}}
}

// Outcome returns the OperationOutcome of an error as JSON; of nil, one that says
// that all is well.
func Outcome(err error) []byte { return issue.AppendOutcome(nil, Issues(err)...) }
