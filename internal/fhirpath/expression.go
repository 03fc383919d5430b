package fhirpath

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// An Expression is a compiled FHIRPath expression. It is immutable and safe for
// many goroutines.
type Expression struct {
	source string
	tree   syntax.Node
	root   operation
	shape  shape
	values []value // of constants; items refer to them by number
	impure bool
}

// Options say how to compile. The zero value, and nil, are those of [Compile].
type Options struct {
	// Context is the name of the type that the expression is evaluated on:
	// "Patient", "Patient.contact". Empty: any.
	Context string
	// Untyped turns the check of elements and types off: an element that R4 does
	// not have yields nothing.
	Untyped bool
	// Ordered makes first, last, tail, skip, take and an index after children() and
	// descendants(), which have no order, errors.
	Ordered bool
	// Functions are the caller's own, by name. A name that
	// FHIRPath has is refused, and so is a function without Call.
	Functions map[string]Function

	// loose makes a name like Boolean mean FHIR's primitive also to is, as R4's
	// invariants have it.
	loose bool
}

// Compile reads an expression and prepares it for evaluation. An error is an
// [*Error] of class ErrSyntax, ErrSemantic or ErrLimit.
func Compile(expr string) (*Expression, error) { return CompileWith(expr, nil) }

// CompileWith is Compile with options.
func CompileWith(expr string, opts *Options) (*Expression, error) {
	tree, err := parse(expr)
	if err != nil {
		return nil, err
	}
	c := compiler{source: expr}
	if opts != nil {
		c.opts = *opts
	}
	if _, ok := schema.TypeOf(c.opts.Context); !ok && c.opts.Context != "" {
		return nil, c.fail(ErrSemantic, tree, "no type for the context")
	}
	for name, f := range c.opts.Functions {
		switch {
		case c.defines(name):
			return nil, c.fail(ErrSemantic, tree, "the function %q is FHIRPath's own", name)
		case f.Call == nil || f.MinArgs < 0 || f.MaxArgs < f.MinArgs:
			return nil, c.fail(ErrSemantic, tree, "the function %q lacks Call, or takes no number of arguments", name)
		}
	}
	root, result, err := c.compile(tree, c.context())
	if err != nil {
		return nil, err
	}
	return &Expression{source: expr, tree: tree, root: root, shape: result, values: c.values, impure: c.impure}, nil
}

// String returns the expression in canonical form: single spaces around
// operators, no needless parentheses, no comments.
func (e *Expression) String() string { return syntax.Format(e.tree) }

// Boolean reports whether the expression can yield nothing but a System.Boolean,
// as a comparison does.
func (e *Expression) Boolean() bool { return e.shape.boolean() }

// Evaluate evaluates the expression on a resource in JSON. Items refer to json,
// which must not change while they are in use. An error is the parser's if json
// is no FHIR resource, ctx's, that of a
// [Function] or service, or an [*Error] of class ErrEvaluation or ErrLimit.
//
// It uses a new [Evaluator]; a caller that evaluates often keeps one.
func (e *Expression) Evaluate(ctx context.Context, json []byte) (Collection, error) {
	return new(Evaluator).Evaluate(ctx, e, json)
}
