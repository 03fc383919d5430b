package ingest

import (
	"errors"
	"io/fs"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/retry"
	"github.com/fhirlake/fhirlake/issue"
)

var (
	// ErrNoInput is returned by Start without input: no file of an ldjson name in the
	// folder, or no match for one of Options.Files.
	ErrNoInput = errors.New("ingest: no input")
	// ErrPackage is returned by Package for data that is no FHIR package, or one that
	// may not be read: past a limit, or with names that lead out of it.
	ErrPackage = errors.New("ingest: not a FHIR package")
	// ErrChanged is returned by Resume if the input differs from the job's first input.
	ErrChanged = errors.New("ingest: the input changed")
	// ErrUnreadable is returned by Wait when the run went through, and some of its
	// files could not be read to the end: damaged gzip, UTF-16, or an error of the
	// file system. FileResult.Err says which and why.
	ErrUnreadable = errors.New("ingest: unreadable input")
)

// told returns an error of the input in the form of the report. Texts of file systems,
// which may name places of a machine, are left out; FileResult.Err has them.
func told(err error) error {
	var data *datastore.Error
	if errors.As(err, &data) {
		return err
	}
	code, text := issue.Incomplete, "the file could not be read from here on: reading failed"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code, text = issue.NotFound, "the file could not be read from here on: it is not there any more"
	case errors.Is(err, fs.ErrPermission):
		code, text = issue.Forbidden, "the file could not be read from here on: access is denied"
	case errors.Is(err, retry.ErrSlow):
		code, text = issue.Timeout, "the file could not be read from here on: its source is too slow"
	case errors.Is(err, errShorter):
		text = "the file ends here, before the size that it had when the import began: it was changed meanwhile"
	}
	return &datastore.Error{Class: err, Issues: []datastore.Issue{{Severity: issue.Fatal, Code: code, Offset: -1, Diagnostics: text}}}
}
