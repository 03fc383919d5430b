package datastore

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/fhirlake/fhirlake/internal/issue"
)

// Status returns the HTTP status that FHIR gives to an error (R4 §3.1.0.1.5 and
// following): 200 for nil. The entries of a batch's response and package rest
// agree by asking here.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	var data *Error
	if errors.As(err, &data) && slices.ContainsFunc(data.Issues, func(i Issue) bool { return i.Code == issue.TooLong }) {
		return http.StatusRequestEntityTooLarge
	}
	for _, c := range []struct {
		class  error
		status int
	}{
		{ErrNotFound, http.StatusNotFound},
		{ErrGone, http.StatusGone},
		{ErrPreconditionFailed, http.StatusPreconditionFailed},
		{ErrConflict, http.StatusConflict},
		{ErrStalePage, http.StatusGone},
		{ErrTooCostly, http.StatusForbidden},
		{ErrUnsupported, http.StatusNotImplemented},
		{ErrInvalid, http.StatusBadRequest},
		{ErrReadOnly, http.StatusServiceUnavailable},
		{ErrClosed, http.StatusServiceUnavailable},
		{ErrIndexing, http.StatusServiceUnavailable},
		{context.Canceled, http.StatusServiceUnavailable},
		{context.DeadlineExceeded, http.StatusGatewayTimeout},
	} {
		if errors.Is(err, c.class) {
			return c.status
		}
	}
	return http.StatusInternalServerError
}
