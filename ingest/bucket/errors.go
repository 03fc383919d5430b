package bucket

import (
	"errors"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/internal/retry"
	"gocloud.dev/gcerrors"
)

var (
	// ErrURL is returned by Open for a URL that names no bucket, or one whose driver is
	// not linked.
	ErrURL = errors.New("bucket: no such bucket can be opened")
	// ErrChanged is returned by Read when an object was replaced while it was read.
	ErrChanged = errors.New("bucket: the object was replaced while it was read")
	// ErrSlow is returned when a bucket gave next to nothing for as long as
	// Options.Patience, in every attempt.
	ErrSlow = retry.ErrSlow
)

// An Error reports what could not be done in a bucket. errors.Is finds what is wrong:
// fs.ErrNotExist, fs.ErrPermission, ErrChanged, ErrSlow, a context's error.
type Error struct {
	Op   string // "open", "read", "list", "stat", "write"
	Name string // of the file
	Err  error  // what the driver says; its text may name buckets and hosts
}

// Error returns what is wrong, without the driver's text.
func (e *Error) Error() string {
	return "bucket: " + e.Op + " " + e.Name + ": " + e.reason()
}

func (e *Error) reason() string {
	text := "the request failed"
	switch {
	case errors.Is(e.Err, ErrChanged):
		return "the object was replaced while it was read; import it again"
	case errors.Is(e.Err, ErrSlow):
		return "the other side is too slow"
	case errors.Is(e, fs.ErrNotExist):
		text = "there is no such object"
	case errors.Is(e, fs.ErrPermission):
		text = "access is denied; check the credentials and the bucket's policy"
	case errors.Is(e.Err, fs.ErrInvalid):
		return "that is not the name of a file"
	case gcerrors.Code(e.Err) == gcerrors.Canceled:
		return "cancelled"
	}
	if code := code(e.Err); code != "" {
		text += " (" + code + ")"
	}
	return text
}

// Unwrap returns what the driver says.
func (e *Error) Unwrap() error { return e.Err }

// Is implements the classes of io/fs.
func (e *Error) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return gcerrors.Code(e.Err) == gcerrors.NotFound
	case fs.ErrPermission:
		s := status(e.Err)
		return gcerrors.Code(e.Err) == gcerrors.PermissionDenied || s == http.StatusForbidden || s == http.StatusUnauthorized
	}
	return false
}

// fail returns err as an Error, nil for nil.
func fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Name: name, Err: err}
}

// code returns what a service calls an error, or its HTTP status, as the errors of the
// SDKs tell it: "" if they do not.
func code(err error) string {
	var named interface{ ErrorCode() string }
	if errors.As(err, &named) && isCode(named.ErrorCode()) {
		return named.ErrorCode()
	}
	if s := status(err); s != 0 {
		return "HTTP status " + strconv.Itoa(s)
	}
	return ""
}

// isCode reports whether a text is a word, as codes are, and may be shown.
func isCode(text string) bool {
	for _, c := range text {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return text != "" && len(text) <= 64
}

func status(err error) int {
	var s interface{ HTTPStatusCode() int }
	if errors.As(err, &s) {
		return s.HTTPStatusCode()
	}
	return 0
}

// passing are the codes of errors that a later request may not meet, although their
// HTTP status says that the request is at fault.
var passing = map[string]bool{
	"RequestTimeout": true, "Throttling": true, "ThrottlingException": true, "ThrottledException": true,
	"RequestThrottled": true, "TooManyRequestsException": true, "SlowDown": true, "RequestLimitExceeded": true,
}

// verdict reports whether a request that failed may succeed later.
func verdict(err error) (again bool, after time.Duration) {
	var path *fs.PathError
	switch {
	case errors.Is(err, ErrChanged), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist), errors.As(err, &path):
		return false, 0
	case passing[code(err)]:
		return true, 0
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound, gcerrors.PermissionDenied, gcerrors.InvalidArgument, gcerrors.AlreadyExists,
		gcerrors.FailedPrecondition, gcerrors.Unimplemented, gcerrors.Canceled:
		return false, 0
	}
	switch s := status(err); {
	case s == http.StatusRequestTimeout, s == http.StatusTooManyRequests, s == http.StatusConflict:
		return true, 0
	case s >= 400 && s < 500:
		return false, 0
	}
	return true, 0
}
