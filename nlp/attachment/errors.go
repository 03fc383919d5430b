package attachment

import "errors"

var (
	// ErrUnsupported is returned for a content type that holds no text, or none that
	// this package can read.
	ErrUnsupported = errors.New("attachment: the content type is none that text can be read from")
	// ErrCharset is returned for text in a charset that is unknown.
	ErrCharset = errors.New("attachment: the charset is unknown and the data is not UTF-8; give its name in the charset parameter of the content type")
	// ErrMalformed is returned for data that is not what the content type says.
	ErrMalformed = errors.New("attachment: the data is damaged or of another content type")
	// ErrEncrypted is returned for a document that is encrypted.
	ErrEncrypted = errors.New("attachment: the document is encrypted; attach it without a password")
	// ErrTooLarge is returned for data or text beyond a limit of [Options].
	ErrTooLarge = errors.New("attachment: the document is larger than the limit")
)
