package fhirpath

import (
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

// The classes of error. An [Error] is one of them by errors.Is.
var (
	// ErrSyntax is returned when an expression is not FHIRPath.
	ErrSyntax = fhirpath.ErrSyntax
	// ErrSemantic is returned when an expression can have no meaning: an element
	// or type that R4 does not have, a wrong number of arguments.
	ErrSemantic = fhirpath.ErrSemantic
	// ErrEvaluation is returned when the items that an operator meets are not what
	// it takes: several where it takes one, numbers against strings.
	ErrEvaluation = fhirpath.ErrEvaluation
	// ErrLimit is returned when an expression or its evaluation is beyond a limit.
	ErrLimit = fhirpath.ErrLimit
)

// An Error reports a fault of an expression or of its evaluation, and its place in the
// expression. Its text has nothing of the resource.
type Error struct {
	Offset int    // byte offset in the expression
	Line   int    // counts from 1
	Column int    // counts from 1, in code points
	Reason string // free of data

	cause *fhirpath.Error // nil in an Error that a caller made
}

// Error returns place and reason.
func (e *Error) Error() string {
	return fmt.Sprintf("fhirpath: %d:%d: %s", e.Line, e.Column, e.Reason)
}

// Excerpt returns the line of the expression with the error, and below it a caret under
// the place:
//
//	Patient.nmae.given
//	        ^
func (e *Error) Excerpt() string {
	if e.cause == nil {
		return ""
	}
	return e.cause.Excerpt()
}

// Unwrap returns the class: one of ErrSyntax, ErrSemantic, ErrEvaluation and
// ErrLimit.
func (e *Error) Unwrap() error {
	if e.cause == nil {
		return nil
	}
	return e.cause.Unwrap()
}

// public returns an error as callers see it.
func public(err error) error {
	var e *fhirpath.Error
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Offset: e.Offset, Line: e.Line, Column: e.Column, Reason: e.Reason, cause: e}
}
