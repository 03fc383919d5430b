package fhirpath

import (
	"errors"

	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
)

const (
	// MaxLength is the greatest length of an expression in bytes. The longest of
	// R4's search parameters has about 3,500.
	MaxLength = syntax.MaxLength
	// MaxDepth is how deep parentheses, arguments, indexes and signs may nest.
	MaxDepth = syntax.MaxDepth
)

// A position is where in the expression an operation was written.
type position = syntax.Position

// parse reads a whole expression. An error is an [*Error].
func parse(source string) (syntax.Node, error) {
	tree, err := syntax.Parse(source)
	if malformed := (*syntax.Error)(nil); errors.As(err, &malformed) {
		class := ErrSyntax
		if malformed.Limit {
			class = ErrLimit
		}
		return nil, newError(class, source, malformed.Offset, malformed.Reason)
	}
	return tree, err
}
