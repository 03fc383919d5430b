package fhirpath

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The classes of error. An [Error] is one of them by errors.Is.
var (
	// ErrSyntax is returned when an expression is not FHIRPath.
	ErrSyntax = errors.New("fhirpath: malformed expression")
	// ErrSemantic is returned when an expression can have no meaning: an element
	// or type that R4 does not have, a wrong number of arguments.
	ErrSemantic = errors.New("fhirpath: meaningless expression")
	// ErrEvaluation is returned when the items that an operator meets are not what
	// it takes: several where it takes one, numbers against strings.
	ErrEvaluation = errors.New("fhirpath: evaluation failed")
	// ErrLimit is returned when an expression or its evaluation is beyond a limit.
	ErrLimit = errors.New("fhirpath: limit exceeded")
)

// An Error reports what is wrong with an expression or its evaluation and where
// in the expression. Its text has nothing of the resource.
type Error struct {
	Offset int    // byte offset in the expression
	Line   int    // counts from 1
	Column int    // counts from 1, in code points
	Reason string // free of data
	class  error
	source string
}

// Error returns place and reason.
func (e *Error) Error() string {
	return fmt.Sprintf("fhirpath: %d:%d: %s", e.Line, e.Column, e.Reason)
}

// Excerpt returns the line of the expression that the error is in, and below it a
// caret under the place:
//
//	Patient.nmae.given
//	        ^
func (e *Error) Excerpt() string {
	start := strings.LastIndexByte(e.source[:e.Offset], '\n') + 1
	line, _, _ := strings.Cut(e.source[start:], "\n")
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, e.source[start:e.Offset])
	return strings.TrimRight(line, "\r") + "\n" + indent + "^"
}

// Unwrap returns the class: one of ErrSyntax, ErrSemantic, ErrEvaluation and
// ErrLimit.
func (e *Error) Unwrap() error { return e.class }

// newError returns an error of the class at the offset in source.
func newError(class error, source string, offset int, reason string) *Error {
	offset = min(offset, len(source))
	before := source[:offset]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return &Error{
		Offset: offset,
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[lineStart:]) + 1,
		Reason: reason,
		class:  class,
		source: source,
	}
}
