package syntax

// An Error says why a text is no expression, and where.
type Error struct {
	Offset int    // in bytes
	Reason string // free of data
	Limit  bool   // the text may be FHIRPath, but is too long or nested too deep
}

func (e *Error) Error() string { return "fhirpath: " + e.Reason }
