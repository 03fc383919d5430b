package fhirpath

import "context"

// The interfaces in this file are what an evaluation needs of its surroundings. A
// caller that has none of it leaves them nil. They are called by whoever evaluates,
// on their goroutine; an error ends the evaluation and is returned as it is.

// A Resolver finds the resources that references refer to, beyond what the
// resource at hand tells: contained resources and the entries of its Bundle are
// found without it.
type Resolver interface {
	// Resolve returns the resource in JSON, or nil where there is none. The slice
	// must not change while results are in use.
	Resolve(ctx context.Context, reference string) ([]byte, error)
}

// A TypeResolver tells the type of the resource that a reference refers to, where
// neither its text (Type/id, an absolute URL that ends so, a #fragment) nor
// Reference.type does. It is all that "resolve() is T" needs.
type TypeResolver interface {
	ResolveType(reference string) (resourceType string, ok bool)
}

// A Coding is a code with its system, which is "" for a code element.
type Coding struct {
	System, Version, Code string
}

// Terminology knows value sets and code systems. Its functions report known = false
// where they do not know the value set or code system: the result is then empty.
type Terminology interface {
	// MemberOf reports whether one of the codings is in a value set.
	MemberOf(ctx context.Context, valueSet string, codings []Coding) (member, known bool, err error)
	// Subsumes reports whether a is b or more general.
	Subsumes(ctx context.Context, a, b Coding) (subsumes, known bool, err error)
}

// Profiles knows structure definitions.
type Profiles interface {
	// Conforms reports whether an element conforms to the profile with a
	// canonical URL; known is false where there is no such profile.
	Conforms(ctx context.Context, element Item, profile string) (conforms, known bool, err error)
	// InSlice reports whether an element is in a slice that a structure defines.
	InSlice(ctx context.Context, element Item, structure, name string) (in, known bool, err error)
	// ElementDefinition returns the definition of an element, or nothing.
	ElementDefinition(ctx context.Context, element Item) (Collection, error)
}

// A Function is one that a caller adds.
type Function struct {
	// MinArgs and MaxArgs are how many arguments it takes.
	MinArgs, MaxArgs int
	// Call computes the result. Arguments have been evaluated on $this. The slices
	// must not be kept. An error ends the evaluation and is returned as it is.
	Call func(ctx context.Context, input Collection, args []Collection) (Collection, error)
}

// external is a call of a function that the caller has added.
type external struct {
	position
	input    operation
	args     []operation
	function Function
}

func (o *external) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	input := v.exportAll(v.stack[base:])
	v.stack = v.stack[:base]
	args := make([]Collection, len(o.args))
	for i, arg := range o.args {
		if err := arg.eval(v, focus); err != nil {
			return err
		}
		args[i] = v.exportAll(v.stack[base:])
		v.stack = v.stack[:base]
	}
	result, err := o.function.Call(v.ctx, input, args)
	if err != nil {
		return err
	}
	return v.pushAll(result, o.Pos())
}
