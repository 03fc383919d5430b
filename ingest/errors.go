package ingest

import "errors"

var (
	// ErrNoInput is returned by Start when there is nothing to import from: no
	// file of an ldjson name in the folder, or no match for one of Options.Files.
	ErrNoInput = errors.New("ingest: no input")
	// ErrPackage is returned by Package for data that is no FHIR package, or one that
	// may not be read: past a limit, or with names that lead out of it.
	ErrPackage = errors.New("ingest: not a FHIR package")
	// ErrChanged is returned by Resume when the input is another than the one that the
	// job was started with.
	ErrChanged = errors.New("ingest: the input changed")
	// ErrUnreadable is returned by Wait when the run went through, and some of its
	// files could not be read to the end: damaged gzip, UTF-16, or an error of the
	// file system. FileResult.Err says which and why.
	ErrUnreadable = errors.New("ingest: unreadable input")
)
