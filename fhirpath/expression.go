package fhirpath

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

// Limits of expressions.
const (
	// MaxLength is the greatest length of an expression in bytes. The longest of
	// R4's search parameters has about 3,500.
	MaxLength = fhirpath.MaxLength
	// MaxDepth is how deep parentheses, arguments, indexes and signs may nest.
	MaxDepth = fhirpath.MaxDepth
)

// An Expression is a compiled FHIRPath expression. It is immutable and safe for
// many goroutines. The zero Expression is of no use.
type Expression struct{ compiled *fhirpath.Expression }

// Options say how to compile. The zero value and nil compile as [Compile] does.
type Options struct {
	// Context is the name of the type on which the expression is evaluated: "Patient",
	// "Patient.contact". Empty: any.
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
}

// A Function is one that a caller adds.
type Function struct {
	// MinArgs and MaxArgs are how many arguments it takes.
	MinArgs, MaxArgs int
	// Call computes the result. Arguments have been evaluated on $this. The slices
	// must not be kept. An error ends the evaluation and is returned as it is.
	Call func(ctx context.Context, input Collection, args []Collection) (Collection, error)
}

// Compile reads an expression and prepares it for evaluation. An error is an
// [*Error] of class ErrSyntax, ErrSemantic or ErrLimit.
func Compile(expr string) (*Expression, error) { return CompileWith(expr, nil) }

// CompileWith is Compile with options.
func CompileWith(expr string, opts *Options) (*Expression, error) {
	var with fhirpath.Options
	if opts != nil {
		with = fhirpath.Options{Context: opts.Context, Untyped: opts.Untyped, Ordered: opts.Ordered}
		for name, f := range opts.Functions {
			if with.Functions == nil {
				with.Functions = make(map[string]fhirpath.Function, len(opts.Functions))
			}
			with.Functions[name] = f.inner()
		}
	}
	e, err := fhirpath.CompileWith(expr, &with)
	if err != nil {
		return nil, public(err)
	}
	return &Expression{e}, nil
}

// inner returns the function as the evaluation calls it.
func (f Function) inner() fhirpath.Function {
	if f.Call == nil {
		return fhirpath.Function{MinArgs: f.MinArgs, MaxArgs: f.MaxArgs} // to be refused
	}
	call := func(ctx context.Context, input fhirpath.Collection, args []fhirpath.Collection) (fhirpath.Collection, error) {
		with := make([]Collection, len(args))
		for i, a := range args {
			with[i] = outer(a)
		}
		c, err := f.Call(ctx, outer(input), with)
		return c.inner(), err
	}
	return fhirpath.Function{MinArgs: f.MinArgs, MaxArgs: f.MaxArgs, Call: call}
}

// String returns the expression in canonical form: single spaces around
// operators, only the parentheses that are needed, no comments.
func (e *Expression) String() string { return e.compiled.String() }

// Boolean reports whether the expression can yield nothing but a System.Boolean,
// as a comparison does.
func (e *Expression) Boolean() bool { return e.compiled.Boolean() }

// Yields returns the names of the types that the items of a result can have, as
// [Item.Type] gives them. An abstract type stands for all that specialise it. any
// is true where the types are not known before an evaluation; names are then
// the names that are known in any case. Without any and names there is never a result.
func (e *Expression) Yields() (names []string, any bool) { return e.compiled.Yields() }

// Pure reports whether the result depends on the resource alone: not on the time
// of the evaluation, on the caller's variables and functions, or on what the
// services of an [Evaluator] know. resolve is pure: without a [Resolver] it finds
// what is in the resource.
func (e *Expression) Pure() bool { return e.compiled.Pure() }

// AppliesTo reports whether the expression can yield something on a context of a
// type: not if each of its alternatives begins with the name of another type, as
// those of a search parameter of several resource types do.
func (e *Expression) AppliesTo(typ string) bool { return e.compiled.AppliesTo(typ) }

// Evaluate evaluates the expression on a resource in JSON. Items refer to json,
// which must not change while they are in use. An error is the parser's if json
// is no FHIR resource, ctx's, that of a [Function] or service, or an [*Error] of class
// ErrEvaluation or ErrLimit.
//
// It uses a new [Evaluator]; a caller that evaluates often keeps one.
func (e *Expression) Evaluate(ctx context.Context, json []byte) (Collection, error) {
	return new(Evaluator).Evaluate(ctx, e, json)
}
