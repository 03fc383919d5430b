package issue

import "errors"

// ErrUnsupported is returned, by every floor, for what this version of the library
// does not do or read: a format of a later one, or what FHIR allows and we do not.
var ErrUnsupported = errors.New("fhirlake: not supported by this version")
