package pdf

import "errors"

var (
	// ErrMalformed is returned for data that is no PDF, or has no page that can be read.
	ErrMalformed = errors.New("pdf: the data is no PDF document that can be read")
	// ErrEncrypted is returned for an encrypted document.
	ErrEncrypted = errors.New("pdf: the document is encrypted")
	// ErrLimit is returned for a document that needs more than [Limits] allow.
	ErrLimit = errors.New("pdf: the document needs more than the limits allow")
)
