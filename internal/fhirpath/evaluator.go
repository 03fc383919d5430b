package fhirpath

import (
	"context"
	"math"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/ucum"
)

// The limits of an Evaluator that sets none. Package fhirpath describes them.
const (
	DefaultMaxVisits   = 100_000_000
	DefaultMaxItems    = 4 << 20
	DefaultMaxText     = 128 << 20
	DefaultMaxResolved = 128 << 20
)

// What is done counts as visits, each about ten nanoseconds of work.
const (
	costOfOperator = 1   // an operator or a function of one item
	costOfDecimal  = 30  // to compute with two decimals
	costOfExport   = 4   // to hand out an item
	costOfUnit     = 100 // to look up a unit, and to convert or compare by it
	// costOfTerminology is to find a value set of R4's.
	costOfTerminology = 500
	costOfEntry       = 20 // to compare a reference with an entry of a Bundle
	// bytesPerVisit is how many bytes of text are compared, hashed or copied.
	bytesPerVisit = 64
	// itemsPerVisit is how many items are moved on the stack.
	itemsPerVisit = 16
	// visitsAtOnce is how many visits a loop counts before it looks at the limit.
	visitsAtOnce = 1 << 12
)

// visitsPerCheck is how many items are visited between two looks at the context and
// the size of the stack.
const visitsPerCheck = 1 << 16

// An Evaluator evaluates expressions and keeps its memory from one to the next.
// The zero value is ready for use. It is not safe for several goroutines at a
// time; its exported fields may be changed between evaluations.
type Evaluator struct {
	Services
	// Variables are the caller's: %name. An unknown variable is an error.
	Variables map[string]Collection
	// Trace gets what trace() shows; nil: nothing does.
	Trace func(name string, items Collection)
	// Now is the time of now() and today(); zero stands for the time of their first
	// call in an evaluation.
	Now time.Time
	// The limits are those of package fhirpath; 0 stands for the default.
	MaxVisits, MaxItems, MaxText, MaxResolved int

	stack    []item // results, and on top of them what is being worked on
	buffers  [2][]byte
	args     [maxArgs]item
	patterns map[string]*pattern
	units    *ucum.Cache
	// The rest is that of the evaluation under way.
	ctx     context.Context
	expr    *Expression
	doc     *fhirjson.Document
	context fhirjson.Index
	docs    []*fhirjson.Document // documents that came in: number 1 and up
	values  []value
	slots   [][]item // variables that the expression defines
	memos   []memo
	index   int    // $index
	total   []item // $total
	now     time.Time
	timed   bool // whether now is set
	left    int  // visits until the limit
	check   int  // value of left at which ctx is looked at
	made    int  // bytes of values and their text
	held    int  // items of slots, memos and totals
	// resolved has what references lead to, resolvedBytes what the documents take.
	resolved      map[string]target
	resolvedBytes int
	// used is set when there is something to reset.
	used bool
}

// Select evaluates an expression on node n of a document and appends the nodes
// that it yields, in order, to dst. One that yields values of FHIRPath's own, see
// [Expression.Boolean], or nodes of another document is ErrEvaluation: those are for
// EvaluateNode. It allocates only to grow dst and its own memory.
func (v *Evaluator) Select(e *Expression, doc *fhirjson.Document, n fhirjson.Index, dst []fhirjson.Index) ([]fhirjson.Index, error) {
	if err := v.run(context.Background(), e, doc, n); err != nil {
		return dst, err
	}
	for _, it := range v.stack {
		if it.sort != sortNode || it.doc != 0 {
			return dst, v.fail(ErrEvaluation, e.root.Pos(), "yields what is no node of the document")
		}
		dst = append(dst, fhirjson.Index(it.ref))
	}
	return dst, nil
}

// Evaluate evaluates an expression on a resource in JSON, which must be sound in
// structure; expressions may find its other faults. Items refer to json, which must not
// change while they are in use. An error is the parser's, ctx's, that of a [Function] or
// service, or an [*Error] of class ErrEvaluation or ErrLimit.
func (v *Evaluator) Evaluate(ctx context.Context, e *Expression, json []byte) (Collection, error) {
	doc := new(fhirjson.Document)
	if err := fhirjson.Parse(json, doc, &lenient); err != nil {
		return nil, err
	}
	return v.EvaluateNode(ctx, e, doc, 0)
}

// EvaluateEmpty evaluates an expression without a resource: the context is empty, and
// so are %context, %resource and %rootResource.
func (v *Evaluator) EvaluateEmpty(ctx context.Context, e *Expression) (Collection, error) {
	return v.EvaluateNode(ctx, e, new(fhirjson.Document), 0)
}

// lenient takes a resource that is sound in structure; expressions may find its other
// faults.
var lenient = fhirjson.Options{Level: fhirjson.StructureOnly, AnyNarrative: true}

// EvaluateNode evaluates an expression on node n of a parsed document. Items refer
// to the document, which must not change while they are in use.
func (v *Evaluator) EvaluateNode(ctx context.Context, e *Expression, doc *fhirjson.Document, n fhirjson.Index) (Collection, error) {
	if err := v.run(ctx, e, doc, n); err != nil {
		return nil, err
	}
	return v.exportAll(v.stack), nil
}

// run evaluates e on node n. The result is the whole stack.
func (v *Evaluator) run(ctx context.Context, e *Expression, doc *fhirjson.Document, n fhirjson.Index) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.ctx, v.expr, v.doc, v.context = ctx, e, doc, n
	v.stack = v.stack[:0]
	if v.used {
		v.reset()
	}
	if v.left = v.MaxVisits; v.left == 0 {
		v.left = DefaultMaxVisits
	}
	v.check = v.left - visitsPerCheck
	focus := nodeItem(n)
	if doc == nil || len(doc.Nodes) == 0 {
		focus = item{sort: sortNothing}
	}
	return e.root.eval(v, focus)
}

// reset forgets what the last evaluation has made. Most make nothing.
func (v *Evaluator) reset() {
	clear(v.docs)
	v.docs, v.values, v.slots, v.total = v.docs[:0], v.values[:0], v.slots[:0], nil
	clear(v.resolved)
	v.held, v.resolvedBytes = 0, 0
	for i := range v.memos {
		v.memos[i].filled = false
	}
	v.used, v.timed, v.made = false, false, 0
}

// visit counts n more items and fails when there are too many or ctx is done.
func (v *Evaluator) visit(n, pos int) error {
	v.left -= n
	if v.left >= 0 && v.left >= v.check {
		return nil
	}
	return v.checkLimits(pos)
}

func (v *Evaluator) checkLimits(pos int) error {
	limit := v.MaxItems
	if limit == 0 {
		limit = DefaultMaxItems
	}
	switch {
	case v.left < 0:
		return v.fail(ErrLimit, pos, "visits more items than the limit")
	case len(v.stack)+v.held > limit:
		return v.fail(ErrLimit, pos, "collections have more items than the limit")
	case v.made > v.maxText():
		return v.fail(ErrLimit, pos, "makes more values than the limit")
	}
	v.check = v.left - visitsPerCheck
	return v.ctx.Err()
}

// time returns the time that the evaluation goes by.
func (v *Evaluator) time() time.Time {
	if !v.timed {
		v.used, v.timed, v.now = true, true, v.Now
		if v.now.IsZero() {
			v.now = time.Now()
		}
	}
	return v.now
}

// docNumber returns the number of a document, which is new or not.
func (v *Evaluator) docNumber(doc *fhirjson.Document, pos int) (uint16, error) {
	if doc == v.doc {
		return 0, nil
	}
	for i, d := range v.docs {
		if d == doc {
			return uint16(i + 1), v.visit(i, pos)
		}
	}
	if len(v.docs) == math.MaxUint16 {
		return 0, v.fail(ErrLimit, pos, "more resources than the limit")
	}
	v.used = true
	v.docs = append(v.docs, doc)
	return uint16(len(v.docs)), v.visit(len(v.docs), pos)
}

func (v *Evaluator) fail(class error, pos int, reason string) error {
	return newError(class, v.expr.source, pos, reason)
}

func (v *Evaluator) push(it item) { v.stack = append(v.stack, it) }

// replace puts the one item, or none if ok is false, in the place of the items above base.
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
	v.left--
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
	return v.popTruth(base, o.Pos())
}

// pushTruth puts the boolean on the stack; nothing if it is unknown.
func (v *Evaluator) pushTruth(t truth) {
	if t != unknown {
		v.push(booleanItem(t == yes))
	}
}
