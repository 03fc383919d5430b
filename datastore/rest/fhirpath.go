package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// fhirPathDefinition is the operation's canonical URL: FHIRPath Lab's, whose
// convention for the Parameters on both sides this is.
const fhirPathDefinition = "http://fhirpath-lab.org/OperationDefinition/fhirpath"

// fhirPathOperations returns $fhirpath.
func fhirPathOperations() []Operation {
	return []Operation{{
		Name: "fhirpath", URL: fhirPathDefinition, System: true, raw: (*exchange).fhirpath,
		Description: "Evaluates a FHIRPath expression on a resource that comes along, by the convention of FHIRPath Lab. It is called by POST; parameters of other names are passed over.",
		Parameters: []Parameter{
			{Name: "expression", Min: 1, Type: "string", Documentation: "The expression."},
			{Name: "resource", Type: "Resource", Documentation: "The resource; without one the expression is evaluated on nothing."},
			{Name: "context", Type: "string", Documentation: "An expression: the other one is evaluated on each of its items."},
			{Name: "variables", Many: true, Documentation: "Variables.", Parts: []Parameter{{Name: "name", Many: true, Type: "Element", Documentation: "An item of a variable: a part that has the variable's name, with a value or a resource."}}},
			{Name: "result", Out: true, Many: true, Documentation: "The items for the resource, or for one item of the context.", Parts: []Parameter{{Name: "type", Many: true, Type: "Element", Documentation: "An item: a part that has the name of its type."}}},
		},
	}}
}

// maxContexts is how many items a context may have. The work that one evaluation
// may do is shared among them.
const maxContexts = 1000

// fhirpath answers POST $fhirpath: it evaluates an expression on a resource that
// comes along with it. The Parameters have
//
//	expression  valueString
//	resource    resource; without one the expression is evaluated on an empty context
//	context     valueString; the expression is evaluated on each of its items
//	variables   part: for each item of a variable its name and value[x] or resource
//
// and other parameters are ignored. The answer has one result for the resource, or for each
// item of the context, with the items of the collection as its parts.
//
// resolve() reads the store. An expression that is not FHIRPath and an evaluation
// that fails are 422, Parameters that lack something 400.
func (x *exchange) fhirpath() error {
	body, err := x.resourceBody()
	if err != nil {
		return err
	}
	q, err := readQuestion(body)
	if err != nil {
		return err
	}
	q.evaluator.Resolve = x.resolve
	answer, err := q.answer(x.r.Context(), x.options.MaxBodySize)
	if err != nil {
		return err
	}
	x.send(http.StatusOK, answer)
	return nil
}

// A question is the input of $fhirpath. It is for one goroutine.
type question struct {
	doc       fhirjson.Document // the Parameters
	resource  *fhirjson.Document
	main      fhirjson.Index // the expression's text, in doc
	context   fhirjson.Index // likewise; 0 is none
	evaluator fhirpath.Evaluator
}

// sound are the options for the resource of an expression: all values on its tape have
// their types. Expressions may find its other faults.
var sound = fhirjson.Options{Level: fhirjson.StructureOnly, AnyNarrative: true}

func parse(json []byte, doc *fhirjson.Document) error {
	err := fhirjson.Parse(json, doc, &sound)
	if malformed := (*fhirjson.Error)(nil); errors.As(err, &malformed) {
		return &datastore.Error{Class: datastore.ErrInvalid, Issues: malformed.Issues}
	}
	return err
}

// A parameter is an element of Parameters.parameter, or a part of one.
type parameter struct {
	name            string
	at              fhirjson.Index
	value, resource fhirjson.Index // 0 is none
	parts           []fhirjson.Index
}

func readParameter(doc *fhirjson.Document, n fhirjson.Index) parameter {
	p := parameter{at: n}
	for c := range doc.Children(n) {
		switch field := doc.Nodes[c].Field.Field(); {
		case field.Name == "name":
			p.name = string(doc.Text(c, nil))
		case field.Name == "resource":
			p.resource = c
		case field.Name == "part":
			p.parts = append(p.parts, c)
		case field.Element == "value":
			p.value = c
		}
	}
	return p
}

// readQuestion reads the Parameters.
func readQuestion(body []byte) (*question, error) {
	q := new(question)
	if err := parse(body, &q.doc); err != nil {
		return nil, err
	}
	if q.doc.Type() != schema.TypeParameters {
		return nil, misplacedIn(q.doc.Type().String(), "/resourceType", "the body must be Parameters")
	}
	for n := range q.doc.Children(0) {
		if q.doc.Nodes[n].Field.Field().Name != "parameter" {
			continue
		}
		if err := q.take(readParameter(&q.doc, n)); err != nil {
			return nil, err
		}
	}
	if q.main == 0 {
		return nil, misplacedIn("Parameters", "", "the Parameters must have an expression")
	}
	if q.resource == nil { // the context is empty
		q.resource = new(fhirjson.Document)
	}
	return q, nil
}

// take makes one parameter part of the question.
func (q *question) take(p parameter) (err error) {
	switch p.name {
	case "expression":
		return q.takeText(p, &q.main)
	case "context":
		return q.takeText(p, &q.context)
	case "resource":
		if p.resource == 0 || q.resource != nil {
			return misplacedIn("Parameters", q.doc.Pointer(p.at), "the parameter must be there once and have a resource")
		}
		q.resource, err = q.document(p.resource)
		return err
	case "variables":
		for _, part := range p.parts {
			if err := q.takeVariable(readParameter(&q.doc, part)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *question) takeText(p parameter, to *fhirjson.Index) error {
	if p.value == 0 || q.doc.Nodes[p.value].Type != schema.TypeString || !q.doc.HasValue(p.value) || *to != 0 {
		return misplacedIn("Parameters", q.doc.Pointer(p.at), "the parameter must be there once and have a valueString")
	}
	*to = p.value
	return nil
}

// takeVariable adds an item to a variable; one without any is empty.
func (q *question) takeVariable(p parameter) error {
	if p.name == "" {
		return misplacedIn("Parameters", q.doc.Pointer(p.at), "the variable must have a name")
	}
	if q.evaluator.Variables == nil {
		q.evaluator.Variables = map[string]fhirpath.Collection{}
	}
	items := q.evaluator.Variables[p.name]
	switch {
	case p.resource != 0:
		doc, err := q.document(p.resource)
		if err != nil {
			return err
		}
		items = append(items, fhirpath.NewNode(doc, 0))
	case p.value != 0:
		items = append(items, fhirpath.NewNode(&q.doc, p.value))
	}
	q.evaluator.Variables[p.name] = items
	return nil
}

// document returns a resource of the Parameters as a document of its own, so that
// %rootResource is not the Parameters.
func (q *question) document(n fhirjson.Index) (*fhirjson.Document, error) {
	doc := new(fhirjson.Document)
	return doc, parse(q.doc.Raw(n), doc)
}

// compile compiles the expression that the Parameters have at n.
func (q *question) compile(n fhirjson.Index) (*fhirpath.Expression, error) {
	e, err := fhirpath.Compile(string(q.doc.Text(n, nil)))
	return e, q.refused(err, n)
}

// refused returns the error of the expression at n as an error with status 422. Errors
// of the context and of the store are returned as they are.
func (q *question) refused(err error, n fhirjson.Index) error {
	var failed *fhirpath.Error
	if !errors.As(err, &failed) {
		return err
	}
	code := issue.Processing
	switch {
	case errors.Is(err, fhirpath.ErrLimit):
		code = issue.TooCostly
	case errors.Is(err, fhirpath.ErrSyntax), errors.Is(err, fhirpath.ErrSemantic):
		code = issue.Invalid
	}
	return q.unprocessable(code, n, failed.Error())
}

// unprocessable returns an error about the expression at n.
func (q *question) unprocessable(code issue.Code, n fhirjson.Index, text string) error {
	return &refusal{http.StatusUnprocessableEntity, &datastore.Error{Class: errRefused, Issues: []datastore.Issue{{
		Severity: issue.Error, Code: code, Root: "Parameters", Pointer: q.doc.Pointer(n), Offset: -1, Diagnostics: text,
	}}}}
}

// answer evaluates the expression and returns the Parameters of the answer. An answer
// of more than max bytes is refused: an expression can repeat a resource as often as it
// has elements.
func (q *question) answer(ctx context.Context, max int64) ([]byte, error) {
	main, err := q.compile(q.main)
	if err != nil {
		return nil, err
	}
	contexts, err := q.contexts(ctx)
	if err != nil {
		return nil, err
	}
	if len(contexts) == 0 {
		return []byte(`{"resourceType":"Parameters"}`), nil
	}
	q.evaluator.MaxVisits = fhirpath.DefaultMaxVisits / len(contexts)
	out := []byte(`{"resourceType":"Parameters","parameter":[`)
	for i, item := range contexts {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = q.appendResult(ctx, out, main, item, max); err != nil {
			return nil, err
		}
	}
	return append(out, "]}"...), nil
}

// contexts returns the nodes on which the expression is evaluated.
func (q *question) contexts(ctx context.Context) (fhirpath.Collection, error) {
	if q.context == 0 {
		return fhirpath.Collection{fhirpath.NewNode(q.resource, 0)}, nil
	}
	e, err := q.compile(q.context)
	if err != nil {
		return nil, err
	}
	items, err := q.evaluator.EvaluateNode(ctx, e, q.resource, 0)
	if err != nil {
		return nil, q.refused(err, q.context)
	}
	if len(items) > maxContexts {
		return nil, q.unprocessable(issue.TooCostly, q.context, "the context has too many items")
	}
	for _, item := range items {
		if _, _, ok := item.Node(); !ok {
			return nil, q.unprocessable(issue.Processing, q.context, "the context must be elements of the resource")
		}
	}
	return items, nil
}

// appendResult appends the result for one item of the context: first the items of the
// expression, then the items of trace().
func (q *question) appendResult(ctx context.Context, dst []byte, main *fhirpath.Expression, on fhirpath.Item, max int64) ([]byte, error) {
	var traces []byte
	q.evaluator.Trace = func(name string, items fhirpath.Collection) {
		if int64(len(dst)+len(traces)) <= max {
			traces = appendTrace(append(traces, ','), name, items, max)
		}
	}
	doc, n, _ := on.Node()
	items, err := q.evaluator.EvaluateNode(ctx, main, doc, n)
	if err != nil {
		return nil, q.refused(err, q.main)
	}
	dst = append(dst, `{"name":"result"`...)
	if q.context != 0 {
		dst = quote.Append(append(dst, `,"valueString":`...), issue.Path(doc.Type().String(), doc.Pointer(n)))
	}
	parts := appendParts(nil, items, max-int64(len(dst)))
	if parts == nil {
		traces = traces[min(1, len(traces)):] // without the comma
	}
	if len(parts)+len(traces) > 0 {
		dst = append(append(append(append(dst, `,"part":[`...), parts...), traces...), ']')
	}
	if int64(len(dst)) > max {
		return nil, q.unprocessable(issue.TooCostly, q.main, "the result is too long")
	}
	return append(dst, '}'), nil
}

// resolve returns the resource of the store that a reference names, or nil: a relative
// reference, or an absolute one below the base.
func (x *exchange) resolve(ctx context.Context, reference string) ([]byte, error) {
	typ, id, _ := strings.Cut(strings.TrimPrefix(reference, x.base+"/"), "/")
	if _, ok := schema.ResourceType(typ); !ok {
		return nil, nil
	}
	id, version, versioned := strings.Cut(id, "/_history/")
	ref := datastore.Ref{Type: typ, ID: id}
	var v datastore.Version
	var err error
	if versioned {
		v, err = x.store.ReadVersion(ctx, ref, version)
	} else {
		v, err = x.store.Read(ctx, ref)
	}
	for _, absent := range []error{datastore.ErrNotFound, datastore.ErrGone, datastore.ErrInvalid, access.ErrForbidden} {
		if errors.Is(err, absent) {
			return nil, nil
		}
	}
	return v.JSON, err
}
