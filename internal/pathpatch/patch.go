package pathpatch

import (
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/jsonpatch"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// The limits of one patch.
const (
	// MaxOperations is how many operations a patch may have.
	MaxOperations = 1_000
	// MaxWork is how many bytes a patch may read: a second or two. Each operation reads the
	// resource once.
	MaxWork = 256 << 20
	// minVisits is how many nodes a path may look at in any resource, and visitsPerNode
	// how often it may look at each: so a path costs little more than reading does.
	minVisits, visitsPerNode = 100_000, 16
)

// Apply returns a resource, JSON text, with a patch applied, a Parameters resource in
// JSON. An error about the patch is an [*Error], or the parser's if it is no sound
// resource; otherwise Apply reports the error of ctx.
func Apply(ctx context.Context, resource, parameters []byte) ([]byte, error) {
	p := &patch{text: resource, work: max(MaxWork, 2*len(resource))}
	if err := fhirjson.ParseContext(ctx, parameters, &p.doc, &fhirjson.Options{Level: fhirjson.StructureOnly}); err != nil {
		return nil, err
	}
	if p.doc.Type().String() != "Parameters" {
		return nil, p.fails(0, issue.Structure, "a FHIRPath Patch is a Parameters resource")
	}
	count := 0
	for n := range p.doc.Members(0, "parameter") {
		if count++; count > MaxOperations {
			return nil, p.fails(n, issue.TooCostly, "the patch has too many operations")
		}
		if err := p.apply(ctx, n); err != nil {
			return nil, err
		}
	}
	return p.text, nil
}

// A patch is a patch that is being applied.
type patch struct {
	doc       fhirjson.Document // the Parameters
	text      []byte            // the resource
	work      int               // bytes that may still be read
	target    fhirjson.Document // of text, while an operation is applied
	evaluator fhirpath.Evaluator
}

// An operation is one parameter of a patch: the nodes of its parts, 0 for an absent part.
type operation struct {
	kind                                          string
	path, name, value, index, source, destination fhirjson.Index
}

// takes are the parts that each kind of operation has, beside type and path.
var takes = map[string][]string{
	"add":     {"name", "value"},
	"insert":  {"value", "index"},
	"delete":  {},
	"replace": {"value"},
	"move":    {"source", "destination"},
}

// operation reads a parameter.
func (p *patch) operation(n fhirjson.Index) (o operation, err error) {
	if p.doc.Member(n, "name") != "operation" {
		return o, p.fails(n, issue.Value, "the name of a parameter of a FHIRPath Patch is operation")
	}
	var kind fhirjson.Index
	parts := map[string]*fhirjson.Index{"type": &kind, "path": &o.path, "name": &o.name, "value": &o.value, "index": &o.index, "source": &o.source, "destination": &o.destination}
	for part := range p.doc.Members(n, "part") {
		at, known := parts[p.doc.Member(part, "name")]
		switch {
		case !known:
			return o, p.fails(part, issue.Value, "a part is type, path, name, value, index, source or destination")
		case *at != 0:
			return o, p.fails(part, issue.Duplicate, "the part stands twice")
		}
		*at = part
	}
	if kind == 0 {
		return o, p.fails(n, issue.Required, "the operation has no part type")
	}
	o.kind = p.doc.Member(kind, "valueCode")
	needs, known := takes[o.kind]
	if !known {
		return o, p.fails(kind, issue.Value, "type has a valueCode: add, insert, delete, replace or move")
	}
	if o.path == 0 {
		return o, p.fails(n, issue.Required, "the operation has no part path")
	}
	delete(parts, "type")
	delete(parts, "path")
	for _, name := range needs {
		if *parts[name] == 0 {
			return o, p.fails(n, issue.Required, o.kind+" has a part "+name)
		}
		delete(parts, name)
	}
	for name, at := range parts {
		if *at != 0 {
			return o, p.fails(*at, issue.Invalid, o.kind+" has no part "+name)
		}
	}
	return o, nil
}

// apply applies one operation to the text.
func (p *patch) apply(ctx context.Context, n fhirjson.Index) error {
	o, err := p.operation(n)
	if err != nil {
		return err
	}
	if p.work -= len(p.text); p.work < 0 || len(p.text) > jsonpatch.MaxBytes {
		return p.fails(n, issue.TooCostly, "the patch takes too much work")
	}
	if err := fhirjson.ParseContext(ctx, p.text, &p.target, &fhirjson.Options{Level: fhirjson.Minimal, AnyNarrative: true}); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return p.fails(n, issue.Processing, "what the operations before this one make is no resource")
	}
	found, err := p.find(ctx, o.path)
	if err != nil {
		return err
	}
	switch {
	case len(found) == 0 && o.kind == "delete":
		return nil
	case len(found) == 0:
		return p.fails(o.path, issue.NotFound, "the path finds nothing")
	}
	if o.kind == "insert" || o.kind == "move" {
		return p.list(o, found)
	}
	if len(found) > 1 {
		return p.fails(o.path, issue.MultipleMatches, "the path finds more than one element")
	}
	if o.kind == "add" {
		return p.add(o, found[0])
	}
	if found[0] == 0 {
		return p.fails(o.path, issue.Invalid, "the path is that of the resource itself")
	}
	return p.one(o, found[0])
}

// find returns the nodes that a path finds, in their order.
func (p *patch) find(ctx context.Context, part fhirjson.Index) ([]fhirjson.Index, error) {
	p.evaluator.MaxVisits = minVisits + visitsPerNode*len(p.target.Nodes)
	expression, err := fhirpath.CompileWith(p.doc.Member(part, "valueString"), &fhirpath.Options{Context: p.target.Type().String(), Ordered: true})
	if err != nil {
		return nil, p.pathFails(part, err)
	}
	items, err := p.evaluator.EvaluateNode(ctx, expression, &p.target, 0)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, p.pathFails(part, err)
	}
	nodes := make([]fhirjson.Index, len(items))
	for i, item := range items {
		doc, n, ok := item.Node()
		if !ok || doc != &p.target {
			return nil, p.fails(part, issue.Invalid, "the path does not lead to an element of the resource")
		}
		nodes[i] = n
	}
	return nodes, nil
}

// pathFails returns the error of a path.
func (p *patch) pathFails(part fhirjson.Index, err error) error {
	code, reason := issue.Invalid, err.Error()
	if errors.Is(err, fhirpath.ErrLimit) {
		code = issue.TooCostly
	}
	return p.fails(part, code, "the path: "+reason)
}

// add appends the value to a field of an element.
func (p *patch) add(o operation, parent fhirjson.Index) error {
	name := p.doc.Member(o.name, "valueString")
	f, v, err := p.value(o, p.target.Nodes[parent].Type, name)
	if err != nil {
		return err
	}
	first, end := schema.Element(p.target.Nodes[parent].Type, f.Field().Element)
	if !f.Field().Array() {
		for c := range p.target.Children(parent) {
			if of := p.target.Nodes[c].Field; first <= of && of < end {
				return p.fails(o.name, issue.Conflict, "the element is there and does not repeat: replace it")
			}
		}
	}
	return p.set(parent, f, append(p.items(parent, f), v))
}

// one replaces or deletes an element.
func (p *patch) one(o operation, n fhirjson.Index) error {
	parent, place := p.parent(n)
	f := p.target.Nodes[n].Field
	items := p.items(parent, f)
	if o.kind == "delete" {
		return p.remove(parent, f, append(items[:place], items[place+1:]...))
	}
	to, v, err := p.value(o, p.target.Nodes[parent].Type, f.Field().Element)
	switch {
	case err != nil:
		return err
	case to == f:
		items[place] = v
		return p.set(parent, f, items)
	}
	return p.swap(parent, f, to, v)
}

// list inserts into a list or moves within one.
func (p *patch) list(o operation, found []fhirjson.Index) error {
	parent, _ := p.parent(found[0])
	f := p.target.Nodes[found[0]].Field
	items := p.items(parent, f)
	last, place := p.parent(found[len(found)-1])
	if found[0] == 0 || last != parent || p.target.Nodes[found[len(found)-1]].Field != f || len(items) != len(found) || place != len(found)-1 || !f.Field().Array() {
		return p.fails(o.path, issue.Invalid, "the path is not that of one whole list")
	}
	if o.kind == "insert" {
		at, err := p.place(o.index, len(items))
		if err != nil {
			return err
		}
		to, v, err := p.value(o, p.target.Nodes[parent].Type, f.Field().Element)
		if err != nil {
			return err
		}
		if to != f {
			return p.fails(o.value, issue.Invalid, "the value is not of the list's type")
		}
		return p.set(parent, f, append(items[:at:at], append([]item{v}, items[at:]...)...))
	}
	from, err := p.place(o.source, len(items)-1)
	if err != nil {
		return err
	}
	to, err := p.place(o.destination, len(items)-1)
	if err != nil {
		return err
	}
	moved := items[from]
	rest := append(items[:from:from], items[from+1:]...)
	return p.set(parent, f, append(rest[:to:to], append([]item{moved}, rest[to:]...)...))
}
