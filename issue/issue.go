package issue

import (
	"strconv"
	"strings"
)

// Severity is a code of http://hl7.org/fhir/issue-severity.
type Severity string

// The severities.
const (
	Fatal       Severity = "fatal"
	Error       Severity = "error"
	Warning     Severity = "warning"
	Information Severity = "information"
)

// Code is a code of http://hl7.org/fhir/issue-type.
type Code string

// The codes, all that FHIR R4 has.
const (
	Invalid         Code = "invalid"
	Structure       Code = "structure"
	Required        Code = "required"
	Value           Code = "value"
	Invariant       Code = "invariant"
	CodeInvalid     Code = "code-invalid"
	Security        Code = "security"
	Login           Code = "login"
	Unknown         Code = "unknown"
	Expired         Code = "expired"
	Forbidden       Code = "forbidden"
	Suppressed      Code = "suppressed"
	Processing      Code = "processing"
	NotSupported    Code = "not-supported"
	Extension       Code = "extension"
	Duplicate       Code = "duplicate"
	MultipleMatches Code = "multiple-matches"
	NotFound        Code = "not-found"
	Deleted         Code = "deleted"
	TooLong         Code = "too-long"
	TooCostly       Code = "too-costly"
	BusinessRule    Code = "business-rule"
	Conflict        Code = "conflict"
	Transient       Code = "transient"
	Exception       Code = "exception"
	Timeout         Code = "timeout"
	LockError       Code = "lock-error"
	NoStore         Code = "no-store"
	Incomplete      Code = "incomplete"
	Throttled       Code = "throttled"
	Informational   Code = "informational"
)

// An Issue is one fault, or one warning or note.
type Issue struct {
	Severity    Severity
	Code        Code
	Root        string // type of the resource that Pointer is in, "" where it is in none
	Pointer     string // RFC 6901 from the resource's root; "" is the root itself or no place
	Offset      int64  // byte offset in the input, -1 where there is none
	Diagnostics string // free of values from the data
}

// String returns the issue on one line: "/name/0: bad (offset 17)".
func (i Issue) String() string {
	var b strings.Builder
	if i.Pointer != "" {
		b.WriteString(i.Pointer)
		b.WriteString(": ")
	}
	b.WriteString(i.Diagnostics)
	if i.Offset >= 0 {
		b.WriteString(" (offset ")
		b.WriteString(strconv.FormatInt(i.Offset, 10))
		b.WriteString(")")
	}
	return b.String()
}
