package fhirpath

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

// The interfaces in this file are the services of an evaluation. A caller without one
// leaves it nil. They are called on the goroutine of the evaluation; an error ends the
// evaluation and is returned as it is.

// A Resolver finds the targets of references outside of the resource at hand: contained
// resources and the entries of its Bundle are found without it.
type Resolver interface {
	// Resolve returns the resource in JSON, or nil if there is none. The slice must not
	// change while results are in use.
	Resolve(ctx context.Context, reference string) ([]byte, error)
}

// A TypeResolver tells the type of a reference's target, if neither its text (Type/id,
// an absolute URL that ends so, a #fragment) nor Reference.type does. "resolve() is T"
// needs nothing else.
type TypeResolver interface {
	ResolveType(reference string) (resourceType string, ok bool)
}

// A Coding is a code with its system, which is "" for a code element.
type Coding struct {
	System, Version, Code string
}

// Terminology knows value sets and code systems. Its functions report known = false for
// an unknown value set or code system: the result is then empty.
type Terminology interface {
	// MemberOf reports whether one of the codings is in a value set.
	MemberOf(ctx context.Context, valueSet string, codings []Coding) (member, known bool, err error)
	// Subsumes reports whether a is b or more general.
	Subsumes(ctx context.Context, a, b Coding) (subsumes, known bool, err error)
}

// Profiles knows structure definitions.
type Profiles interface {
	// Conforms reports whether an element conforms to the profile with a canonical URL;
	// known is false if there is no such profile.
	Conforms(ctx context.Context, element Item, profile string) (conforms, known bool, err error)
	// InSlice reports whether an element is in a slice that a structure defines.
	InSlice(ctx context.Context, element Item, structure, name string) (in, known bool, err error)
	// ElementDefinition returns the definition of an element, or nothing.
	ElementDefinition(ctx context.Context, element Item) (Collection, error)
}

// services returns the functions that the machine calls.
func (v *Evaluator) services() fhirpath.Services {
	var s fhirpath.Services
	if v.Resolver != nil {
		s.Resolve = v.Resolver.Resolve
	}
	if v.Types != nil {
		s.ResolveType = v.Types.ResolveType
	}
	if t := v.Terminology; t != nil {
		s.MemberOf = func(ctx context.Context, valueSet string, codings []fhirpath.Coding) (member, known bool, err error) {
			list := make([]Coding, len(codings))
			for i, c := range codings {
				list[i] = Coding(c)
			}
			return t.MemberOf(ctx, valueSet, list)
		}
		s.Subsumes = func(ctx context.Context, a, b fhirpath.Coding) (subsumes, known bool, err error) {
			return t.Subsumes(ctx, Coding(a), Coding(b))
		}
	}
	if p := v.Profiles; p != nil {
		s.Conforms = func(ctx context.Context, element fhirpath.Item, profile string) (conforms, known bool, err error) {
			return p.Conforms(ctx, Item{element}, profile)
		}
		s.InSlice = func(ctx context.Context, element fhirpath.Item, structure, name string) (in, known bool, err error) {
			return p.InSlice(ctx, Item{element}, structure, name)
		}
		s.ElementDefinition = func(ctx context.Context, element fhirpath.Item) (fhirpath.Collection, error) {
			c, err := p.ElementDefinition(ctx, Item{element})
			return c.inner(), err
		}
	}
	return s
}
