package fhirpath

import "context"

// Services are what an evaluation asks of its surroundings, on the goroutine of the
// evaluation. Package fhirpath describes them, as methods of its interfaces. A function
// that is nil is not asked. An error ends the evaluation and is returned as it is.
type Services struct {
	Resolve     func(ctx context.Context, reference string) ([]byte, error)
	ResolveType func(reference string) (resourceType string, ok bool)

	MemberOf func(ctx context.Context, valueSet string, codings []Coding) (member, known bool, err error)
	Subsumes func(ctx context.Context, a, b Coding) (subsumes, known bool, err error)

	Conforms          func(ctx context.Context, element Item, profile string) (conforms, known bool, err error)
	InSlice           func(ctx context.Context, element Item, structure, name string) (in, known bool, err error)
	ElementDefinition func(ctx context.Context, element Item) (Collection, error)
}

// A Coding is a code with its system, which is "" for a code element.
type Coding struct {
	System, Version, Code string
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
