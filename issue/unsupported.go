package issue

import "errors"

// ErrUnsupported is returned, by every package, for a format of a later version of the
// library, and for a part of FHIR that this version does not support.
var ErrUnsupported = errors.New("fhirlake: not supported by this version")
