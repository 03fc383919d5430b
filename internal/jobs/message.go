package jobs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/fhirlake/fhirlake/datastore"
)

// unforeseen is the text for an error of no class.
var unforeseen = datastore.Issues(errors.New("none"))[0].Diagnostics

// Message returns the text of the error that stopped a job, for its record: without names
// of files and without data of patients. An error of the destination is told by its class;
// place names the destination.
func Message(err error, place string) string {
	if text := datastore.Issues(err)[0].Diagnostics; text != unforeseen {
		return text
	}
	return place + " takes no more: " + reason(err)
}

// reason returns the text for an error of files.
func reason(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "no space is left"
	case errors.Is(err, fs.ErrPermission):
		return "access is denied"
	case errors.Is(err, fs.ErrNotExist):
		return "it is not there"
	}
	return "writing failed"
}

// pathless returns an error of a folder without the paths, which tell about the machine.
func pathless(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return &opError{path.Op, path.Err}
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return &opError{link.Op, link.Err}
	}
	return err
}

// An opError is an error of the file system without a path.
type opError struct {
	op  string
	err error
}

func (e *opError) Error() string { return e.op + ": " + e.err.Error() }

func (e *opError) Unwrap() error { return e.err }
