package fhirpath

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// DefaultMaxVisits is the MaxVisits of an Evaluator that sets none. It is about a
// second of work, more than any search parameter needs on a resource of 64 MiB.
const DefaultMaxVisits = 100_000_000

// visitsPerCheck is how many items are visited between two looks at the context.
const visitsPerCheck = 1 << 16

// A Resolver tells the type of the resource that a reference refers to, where
// neither its text (Type/id, an absolute URL that ends so, a #fragment) nor
// Reference.type does. It may be called by whoever evaluates, on their goroutine.
type Resolver interface {
	ResolveType(reference string) (resourceType string, ok bool)
}

// An Evaluator evaluates expressions and keeps its memory from one to the next.
// The zero value is ready for use. It is not safe for several goroutines at a
// time; its fields may be changed between evaluations.
type Evaluator struct {
	// Resolver is asked for the types of references; nil: their text decides.
	Resolver Resolver
	// MaxVisits is how many nodes and items one evaluation may look at; 0 is
	// DefaultMaxVisits. Beyond it an evaluation ends with ErrLimit.
	MaxVisits int

	stack   []item // results, and on top of them what is being worked on
	buffers [2][]byte
	// The rest is that of the evaluation under way.
	ctx     context.Context
	expr    *Expression
	doc     *fhirjson.Document
	context fhirjson.Index
	left    int // visits until the limit
	check   int // value of left at which ctx is looked at
}

// Select evaluates an expression on node n of a document and appends the nodes
// that it yields, in order, to dst. An expression that yields values of
// FHIRPath's own, see [Expression.Boolean], is ErrEvaluation: that is what Test
// is for. It allocates only to grow dst and its own memory.
func (v *Evaluator) Select(e *Expression, doc *fhirjson.Document, n fhirjson.Index, dst []fhirjson.Index) ([]fhirjson.Index, error) {
	if err := v.run(context.Background(), e, doc, n); err != nil {
		return dst, err
	}
	for _, it := range v.stack {
		if it.sort != sortNode {
			return dst, v.fail(ErrEvaluation, e.root.pos(), "yields a value where a node is needed")
		}
		dst = append(dst, fhirjson.Index(it.ref))
	}
	return dst, nil
}

// Test evaluates an expression on node n of a document as a condition: a boolean
// is itself, one item of any other kind is true (FHIRPath N1 §4.5). ok is false
// where the result is empty; several items are ErrEvaluation.
func (v *Evaluator) Test(e *Expression, doc *fhirjson.Document, n fhirjson.Index) (value, ok bool, err error) {
	if err := v.run(context.Background(), e, doc, n); err != nil {
		return false, false, err
	}
	t, err := v.popTruth(0, e.root.pos())
	return t == yes, t != unknown, err
}

// Evaluate evaluates an expression on a resource in JSON, which must be sound in
// structure; what else it breaks is for expressions to find. See
// [Expression.Evaluate].
func (v *Evaluator) Evaluate(ctx context.Context, e *Expression, json []byte) (Collection, error) {
	doc := new(fhirjson.Document)
	if err := fhirjson.Parse(json, doc, &fhirjson.Options{Level: fhirjson.StructureOnly}); err != nil {
		return nil, err
	}
	if err := v.run(ctx, e, doc, 0); err != nil {
		return nil, err
	}
	var c Collection
	for _, it := range v.stack {
		c = append(c, newItem(doc, e, it))
	}
	return c, nil
}

// run evaluates e on node n. The result is the whole stack.
func (v *Evaluator) run(ctx context.Context, e *Expression, doc *fhirjson.Document, n fhirjson.Index) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.ctx, v.expr, v.doc, v.context = ctx, e, doc, n
	v.stack = v.stack[:0]
	v.left = v.MaxVisits
	if v.left == 0 {
		v.left = DefaultMaxVisits
	}
	v.check = v.left - visitsPerCheck
	return e.root.eval(v, nodeItem(n))
}

// visit counts n more items and fails when there are too many or ctx is done.
func (v *Evaluator) visit(n, pos int) error {
	v.left -= n
	if v.left >= 0 && v.left >= v.check {
		return nil
	}
	if v.left < 0 {
		return v.fail(ErrLimit, pos, "visits more items than the limit")
	}
	v.check = v.left - visitsPerCheck
	return v.ctx.Err()
}

func (v *Evaluator) fail(class error, pos int, reason string) error {
	return newError(class, v.expr.source, pos, reason)
}

func (v *Evaluator) push(it item) { v.stack = append(v.stack, it) }

// replace makes the one item, or none if ok is false, of what is above base.
func (v *Evaluator) replace(base int, it item, ok bool) {
	v.stack = v.stack[:base]
	if ok {
		v.push(it)
	}
}

// popTruth takes what is above base off the stack, as a condition.
func (v *Evaluator) popTruth(base, pos int) (truth, error) {
	items := v.stack[base:]
	v.stack = v.stack[:base]
	switch {
	case len(items) == 0:
		return unknown, nil
	case len(items) > 1:
		return unknown, v.fail(ErrEvaluation, pos, "several items where one condition is needed")
	case v.classOf(items[0]) == classBoolean:
		return truthFrom(v.truthOf(items[0])), nil
	default:
		return yes, nil
	}
}

// condition evaluates an operation as a condition.
func (v *Evaluator) condition(o operation, focus item) (truth, error) {
	base := len(v.stack)
	if err := o.eval(v, focus); err != nil {
		return unknown, err
	}
	return v.popTruth(base, o.pos())
}

// pushTruth puts the boolean on the stack; nothing if it is unknown.
func (v *Evaluator) pushTruth(t truth) {
	if t != unknown {
		v.push(booleanItem(t == yes))
	}
}
