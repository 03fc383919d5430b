package fhirpath

import (
	"context"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

// The limits of an Evaluator that sets none.
const (
	// DefaultMaxVisits is one to two seconds of work, more than any search parameter
	// needs on a resource of 64 MiB.
	DefaultMaxVisits = fhirpath.DefaultMaxVisits
	// DefaultMaxItems is how many items a collection may have: 32 MiB of them.
	DefaultMaxItems = fhirpath.DefaultMaxItems
	// DefaultMaxText is how many bytes of text an evaluation may make, or of values
	// at 64 each.
	DefaultMaxText = fhirpath.DefaultMaxText
	// DefaultMaxResolved is how many bytes the resources may have that resolve()
	// brings in, a node of one counted as 20: twice what one resource may have.
	DefaultMaxResolved = fhirpath.DefaultMaxResolved
)

// An Evaluator evaluates expressions and keeps its memory from one to the next.
// The zero value is ready for use. It is not safe for several goroutines at a
// time; its exported fields may be changed between evaluations.
type Evaluator struct {
	// Types is asked for the types of references by "resolve() is T"; nil: their
	// text decides.
	Types TypeResolver
	// Resolver finds the targets of references; nil: only those in the resource.
	Resolver Resolver
	// Terminology answers memberOf and subsumes; nil: only the value sets of R4's
	// required bindings are known.
	Terminology Terminology
	// Profiles answers conformsTo, slice and elementDefinition; nil: only FHIR's
	// own types are known.
	Profiles Profiles
	// Variables are the caller's: %name. An unknown variable is an error.
	Variables map[string]Collection
	// Trace gets what trace() shows; nil: nothing does.
	Trace func(name string, items Collection)
	// Now is the time of now() and today(); zero stands for the time of their first
	// call in an evaluation.
	Now time.Time
	// MaxVisits is how many nodes and items one evaluation may look at; 0 is
	// DefaultMaxVisits. Work on texts, numbers and patterns counts as visits by its
	// cost. Beyond the limit an evaluation ends with ErrLimit.
	MaxVisits int
	// MaxItems is how many items collections may have together at any time, variables
	// among them, give or take 65,536; 0 is DefaultMaxItems.
	MaxItems int
	// MaxText is how many bytes of text an evaluation may make, numbers and dates
	// among it, with 64 for each value; 0 is DefaultMaxText.
	MaxText int
	// MaxResolved is how many bytes the resources may have together that resolve()
	// brings in by the Resolver, a node of one counted as 20; 0 is DefaultMaxResolved. A
	// resource counts once, however often and by whatever reference it is resolved.
	MaxResolved int

	machine fhirpath.Evaluator
}

// Evaluate evaluates an expression on a resource in JSON, which must be sound in
// structure. Expressions may find its other faults. See [Expression.Evaluate].
func (v *Evaluator) Evaluate(ctx context.Context, e *Expression, json []byte) (Collection, error) {
	v.set()
	c, err := v.machine.Evaluate(ctx, e.compiled, json)
	return outer(c), public(err)
}

// EvaluateEmpty evaluates an expression without a resource: the context is empty, and
// so are %context, %resource and %rootResource.
func (v *Evaluator) EvaluateEmpty(ctx context.Context, e *Expression) (Collection, error) {
	v.set()
	c, err := v.machine.EvaluateEmpty(ctx, e.compiled)
	return outer(c), public(err)
}

// set gives the machine what the fields say.
func (v *Evaluator) set() {
	m := &v.machine
	m.Services, m.Now = v.services(), v.Now
	m.MaxVisits, m.MaxItems, m.MaxText, m.MaxResolved = v.MaxVisits, v.MaxItems, v.MaxText, v.MaxResolved
	m.Trace, m.Variables = nil, nil
	if trace := v.Trace; trace != nil {
		m.Trace = func(name string, items fhirpath.Collection) { trace(name, outer(items)) }
	}
	if v.Variables != nil {
		m.Variables = make(map[string]fhirpath.Collection, len(v.Variables))
		for name, c := range v.Variables {
			m.Variables[name] = c.inner()
		}
	}
}

// outer returns a collection as callers see it.
func outer(c fhirpath.Collection) Collection {
	if c == nil {
		return nil
	}
	out := make(Collection, len(c))
	for i, it := range c {
		out[i] = Item{it}
	}
	return out
}

// inner returns a collection as the machine sees it.
func (c Collection) inner() fhirpath.Collection {
	if c == nil {
		return nil
	}
	in := make(fhirpath.Collection, len(c))
	for i, it := range c {
		in[i] = it.item
	}
	return in
}
