package jobs

import "io"

// A Sink makes files by name. Names are paths with slashes as io/fs has them
// (fs.ValidPath): "Patient.ndjson", "FAILURE/Patient.ndjson". A name that exists
// is replaced.
//
// A file is complete when Close has returned nil. If a writer also has a method
// Abort() error, it is called instead of Close for a file that is given up.
type Sink interface {
	Create(name string) (io.WriteCloser, error)
}

// Abort gives a file up: it calls the file's own Abort if there is one, and otherwise
// closes the file as it is.
func Abort(w io.WriteCloser) error {
	if a, ok := w.(interface{ Abort() error }); ok {
		return a.Abort()
	}
	return w.Close()
}
