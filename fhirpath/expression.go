package fhirpath

import (
	"context"
)

// An Expression is a compiled FHIRPath expression. It is immutable and safe for
// many goroutines.
type Expression struct {
	source string
	tree   node
	root   operation
	shape  shape
	texts  []string // of constants; items refer to them by number
}

// Compile reads an expression and prepares it for evaluation. An error is an
// [*Error] of class ErrSyntax, ErrSemantic, ErrUnsupported or ErrLimit.
func Compile(expr string) (*Expression, error) {
	tree, err := parse(expr)
	if err != nil {
		return nil, err
	}
	c := compiler{source: expr}
	root, result, err := c.compile(tree, shape{open: true})
	if err != nil {
		return nil, err
	}
	return &Expression{source: expr, tree: tree, root: root, shape: result, texts: c.texts}, nil
}

// String returns the expression in canonical form: single spaces around
// operators, no parentheses but those that are needed, no comments.
func (e *Expression) String() string { return format(e.tree) }

// Boolean reports whether the expression can yield nothing but a System.Boolean,
// as a comparison does.
func (e *Expression) Boolean() bool { return e.shape.boolean() }

// Evaluate evaluates the expression on a resource in JSON. Items refer to json,
// which must not change while they are in use. An error is the parser's if json
// is no FHIR resource, ctx's, or an [*Error] of class ErrEvaluation,
// ErrUnsupported or ErrLimit.
//
// It uses a new [Evaluator]; a caller that evaluates often keeps one.
func (e *Expression) Evaluate(ctx context.Context, json []byte) (Collection, error) {
	return new(Evaluator).Evaluate(ctx, e, json)
}
