package param

import (
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A QueryError reports a part of a query that cannot be used.
type QueryError struct {
	// Part is the name of the query's parameter as it was written, modifiers
	// included: "code:exact". It never holds a value. A very long one is cut.
	Part string
	// Code is NotSupported for a part of FHIR that this package does not do, NotFound
	// for an unknown name, Value for a malformed value, TooCostly past a limit,
	// Transient for a custom parameter that is being indexed, and Invalid otherwise.
	Code   issue.Code
	Reason string // free of values
	// Near are known names like an unknown one, nearest first.
	Near []string

	// Ignorable says that lenient handling leaves the parameter out.
	Ignorable bool
	// Type and unknown are the type and the name that the type lacks. Near is worked
	// out from them once the error is final: chains try many types.
	Type    schema.TypeID
	Unknown string
}

// Error returns the fault on one line.
func (e *QueryError) Error() string {
	var b strings.Builder
	b.WriteString("search: ")
	if e.Part != "" {
		b.WriteString(e.Part)
		b.WriteString(": ")
	}
	b.WriteString(e.Reason)
	if len(e.Near) > 0 {
		b.WriteString("; near: ")
		b.WriteString(strings.Join(e.Near, ", "))
	}
	return b.String()
}

// Issue returns the error as an issue of the given severity.
func (e *QueryError) Issue(severity issue.Severity) issue.Issue {
	return issue.Issue{Severity: severity, Code: e.Code, Offset: -1, Diagnostics: strings.TrimPrefix(e.Error(), "search: ")}
}

// A TypeError reports a type that is no concrete resource type.
type TypeError struct{ Type schema.TypeID }

// Error says that the type cannot be searched.
func (e *TypeError) Error() string {
	return "search: not a resource type: " + strconv.Quote(e.Type.String())
}
