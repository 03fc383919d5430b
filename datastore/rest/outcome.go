package rest

import (
	"errors"
	"net/http"
	"slices"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/issue"
)

// A refusal is an error with a status of HTTP and without a class in package datastore.
type refusal struct {
	status int
	error  // an [*datastore.Error]
}

func (r *refusal) Unwrap() error { return r.error }

// refuse returns a refusal with one issue.
func refuse(status int, code issue.Code, text string) error {
	return &refusal{status, &datastore.Error{Class: errRefused, Issues: []datastore.Issue{{
		Severity: issue.Error, Code: code, Offset: -1, Diagnostics: text,
	}}}}
}

var (
	errRefused = errors.New("rest: refused")
	// errInternal is the answer for the server's own errors, whose text may name files.
	errInternal = refuse(http.StatusInternalServerError, issue.Exception, "internal error")
)

// fail answers with an error.
func (x *exchange) fail(err error) {
	status := datastore.Status(err)
	var refused *refusal
	if errors.As(err, &refused) {
		status = refused.status
	}
	if status == http.StatusForbidden && !errors.Is(err, datastore.ErrTooCostly) {
		x.challenge()
	}
	if status == http.StatusInternalServerError && !errors.Is(err, datastore.ErrOutcomeUnknown) {
		x.options.Logger.ErrorContext(x.r.Context(), "rest: internal error", "error", err)
		err = errInternal
	}
	if x.fromXML {
		err = withoutOffsets(err)
	}
	if w := x.w.Header(); (status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests) && w.Get("Retry-After") == "" {
		w.Set("Retry-After", "1")
	}
	x.send(status, datastore.Outcome(err))
}

// withoutOffsets returns an error about JSON that the client has not seen.
func withoutOffsets(err error) error {
	var data *datastore.Error
	if !errors.As(err, &data) {
		return err
	}
	shown := *data
	shown.Issues = slices.Clone(data.Issues)
	for i := range shown.Issues {
		shown.Issues[i].Offset = -1
	}
	return &shown
}
