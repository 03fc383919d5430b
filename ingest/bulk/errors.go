package bulk

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/fhirlake/fhirlake/internal/retry"
)

var (
	// ErrManifest is returned by Open and Read for data that is no manifest of a Bulk
	// Data export, or passes the limits.
	ErrManifest = errors.New("bulk: not a manifest of a Bulk Data export")
	// ErrNotReady is returned by Open while the export is not finished (status 202).
	ErrNotReady = errors.New("bulk: the export is not ready yet; ask again later")
	// ErrForbidden is returned for a URL or an address that Options do not allow.
	ErrForbidden = errors.New("bulk: the options do not allow to ask there")
	// ErrTooLarge is returned by Read for a file that passes Options.MaxFileSize.
	ErrTooLarge = errors.New("bulk: the file is larger than MaxFileSize allows")
	// ErrTooLong is returned by Read for a file that takes longer than
	// Options.MaxFileTime.
	ErrTooLong = errors.New("bulk: the file takes longer than MaxFileTime allows")
	// ErrChanged is returned by Read if a file has changed when reading goes on.
	ErrChanged = errors.New("bulk: the file changed while it was read")
	// ErrSlow is returned for a server that gave next to nothing for as long as
	// Options.Patience, in every attempt.
	ErrSlow = retry.ErrSlow
)

// An Error reports a file that could not be fetched. errors.Is matches the reason: one
// of this package's errors, fs.ErrNotExist, fs.ErrPermission, a context's error.
type Error struct {
	Name   string // of the file, or "the manifest"
	Status int    // of the answer; 0 if there was none
	Err    error  // nil if there is only a status
}

// Error returns the name and the status or the cause.
func (e *Error) Error() string {
	text := "bulk: fetching " + e.Name + ": "
	if e.Status != 0 {
		return text + fmt.Sprintf("the server answers %d %s", e.Status, http.StatusText(e.Status))
	}
	return text + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Is implements the classes of io/fs.
func (e *Error) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return e.Status == http.StatusNotFound || e.Status == http.StatusGone
	case fs.ErrPermission:
		return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
	}
	return false
}

// A statusError is an answer with a status of failure.
type statusError struct {
	status int
	after  time.Duration // Retry-After
}

func (e *statusError) Error() string { return http.StatusText(e.status) }

// fail returns err as an Error about a file.
func fail(name string, err error) error {
	if err == nil {
		return nil
	}
	var s *statusError
	if errors.As(err, &s) {
		return &Error{Name: name, Status: s.status}
	}
	return &Error{Name: name, Err: err}
}

// verdict reports whether a request that failed may succeed later.
func verdict(err error) (again bool, after time.Duration) {
	for _, final := range []error{ErrForbidden, ErrTooLarge, ErrTooLong, ErrChanged, ErrManifest, ErrNotReady, errAuthorize, errTLS} {
		if errors.Is(err, final) {
			return false, 0
		}
	}
	var s *statusError
	if errors.As(err, &s) {
		switch {
		case s.status == http.StatusRequestTimeout, s.status == http.StatusTooManyRequests, s.status == http.StatusTooEarly:
			return true, s.after
		case s.status >= 500 && s.status != http.StatusNotImplemented:
			return true, s.after
		}
		return false, 0
	}
	return true, 0
}
