package fhirpath

import (
	"bytes"
	"errors"
	"strings"
	"unsafe"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// resolvesTo is "resolve() is T". It looks at no other resource: the type is told by
// the reference's text, a contained resource, Reference.type or ResolveType, in
// this order. A reference whose type is unknown yields nothing, as if it could not be
// resolved.
type resolvesTo struct {
	position
	input     operation
	target    typeTarget
	reference schema.FieldID // Reference.reference
	typeField schema.FieldID // Reference.type
}

func (o *resolvesTo) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	var found schema.TypeID
	for _, it := range v.stack[base:] {
		t, ok := o.typeOfTarget(v, it)
		if !ok {
			continue
		}
		if found != 0 {
			return v.fail(ErrEvaluation, o.Pos(), "type of several items")
		}
		found = t
	}
	v.replace(base, booleanItem(o.target.is(found)), found != 0)
	return nil
}

// typeOfTarget returns the type of the resource that a reference, or an uri,
// refers to.
func (o *resolvesTo) typeOfTarget(v *Evaluator, it item) (schema.TypeID, bool) {
	if it.sort != sortNode {
		return 0, false
	}
	doc, n := v.document(it.doc), fhirjson.Index(it.ref)
	isReference := doc.Nodes[n].Type == schema.TypeReference
	text := n
	ok := v.classOf(it) == classString
	if isReference {
		text, ok = doc.Child(n, o.reference)
	}
	var reference []byte
	if ok {
		reference = v.text(item{ref: uint32(text), doc: it.doc}, &v.buffers[0])
		if bytes.HasPrefix(reference, []byte("#")) {
			c, ok := v.contained(it.doc, n, reference[1:])
			return doc.Nodes[c].Type, ok
		}
		text := unsafe.String(unsafe.SliceData(reference), len(reference)) // good until the buffer is used again
		if t, ok := schema.ResourceType(schema.NameInReference(text)); ok {
			return t, true
		}
	}
	if isReference {
		if child, ok := doc.Child(n, o.typeField); ok {
			return schema.ResourceType(string(v.text(item{ref: uint32(child), doc: it.doc}, &v.buffers[1])))
		}
	}
	if v.ResolveType != nil && len(reference) > 0 {
		if name, ok := v.ResolveType(string(reference)); ok {
			return schema.ResourceType(name)
		}
	}
	return 0, false
}

// resolution is resolve(): the targets of references and uris. A target that is not
// found yields nothing.
type resolution struct {
	position
	input operation
}

func (o *resolution) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	end := len(v.stack)
	for i := base; i < end; i++ {
		if err := v.visit(1, o.Pos()); err != nil {
			return err
		}
		it, ok, err := v.target(v.stack[i], o.Pos())
		if err != nil {
			return err
		}
		if ok {
			v.push(it)
		}
	}
	v.stack = append(v.stack[:base], v.stack[end:]...)
	return nil
}

// target returns the resource that a reference or uri refers to.
func (v *Evaluator) target(it item, pos int) (found item, ok bool, err error) {
	var reference string
	switch {
	case v.classOf(it) == classString:
		reference = v.string(it)
	case it.sort == sortNode && v.node(it).Type == schema.TypeReference:
		reference = textOf(v.document(it.doc), fhirjson.Index(it.ref), "reference")
	}
	if reference == "" {
		return item{}, false, nil
	}
	if it.sort == sortNode {
		doc := v.document(it.doc)
		if id, local := strings.CutPrefix(reference, "#"); local {
			c, ok := v.contained(it.doc, fhirjson.Index(it.ref), []byte(id))
			return item{ref: uint32(c), doc: it.doc}, ok, nil
		}
		if n, ok, err := v.entry(doc, reference, pos); ok || err != nil {
			return item{ref: uint32(n), doc: it.doc}, ok, err
		}
	}
	if v.Resolve == nil {
		return item{}, false, nil
	}
	if known, ok := v.resolved[reference]; ok {
		return item{doc: known.doc}, known.found, nil
	}
	number, ok, err := v.fetch(reference, pos)
	if err != nil {
		return item{}, false, err
	}
	if v.resolved == nil {
		v.resolved = map[string]target{}
	}
	v.used = true
	v.resolved[reference] = target{number, ok}
	return item{doc: number}, ok, nil
}

// A target is the target of a reference: the number of its document, if there is one.
type target struct {
	doc   uint16
	found bool
}

// nodeSize is the size of a node of a document, in bytes.
const nodeSize = 20

// fetch asks Resolve for a resource and returns the number of its document. A
// resource that was fetched before, by any reference, is not kept twice.
func (v *Evaluator) fetch(reference string, pos int) (number uint16, found bool, err error) {
	json, err := v.Resolve(v.ctx, reference)
	if err != nil || json == nil {
		return 0, false, err
	}
	if err := v.visit(costOfEntry+len(json)/2, pos); err != nil {
		return 0, false, err
	}
	for i, d := range v.docs {
		if bytes.Equal(d.Source, json) {
			return uint16(i + 1), true, nil
		}
	}
	limit := v.MaxResolved
	if limit == 0 {
		limit = DefaultMaxResolved
	}
	tooMany := func() error { return v.fail(ErrLimit, pos, "resolves to more bytes than the limit") }
	room := limit - v.resolvedBytes - len(json)
	if room < 0 {
		return 0, false, tooMany()
	}
	doc := new(fhirjson.Document)
	// The store has checked its resources by its own rules, so any readable resource is
	// taken.
	err = fhirjson.Parse(json, doc, &fhirjson.Options{
		Level: fhirjson.Minimal, AnyNarrative: true, MaxBytes: len(json) + 1, MaxNodes: room/nodeSize + 1,
	})
	if malformed := (*fhirjson.Error)(nil); errors.As(err, &malformed) && malformed.Issues[0].Code == issue.TooLong {
		return 0, false, tooMany()
	}
	if err != nil {
		return 0, false, err
	}
	v.resolvedBytes += len(json) + nodeSize*len(doc.Nodes)
	number, err = v.docNumber(doc, pos)
	return number, true, err
}

// entry returns the resource of the Bundle's entry that a reference names by its
// fullUrl, or by type and id at the end of the fullUrl (FHIR R4 §2.36.4.1).
func (v *Evaluator) entry(doc *fhirjson.Document, reference string, pos int) (fhirjson.Index, bool, error) {
	if doc.Type() != schema.TypeBundle {
		return 0, false, nil
	}
	entries, ok := childOf(doc, 0, "entry")
	if !ok {
		return 0, false, nil
	}
	field := doc.Nodes[entries].Field
	for n := uint32(entries); n < doc.Nodes[0].Next && doc.Nodes[n].Field == field; n = doc.Nodes[n].Next {
		if err := v.visit(costOfEntry, pos); err != nil {
			return 0, false, err
		}
		resource, ok := childOf(doc, fhirjson.Index(n), "resource")
		if !ok {
			continue
		}
		url := textOf(doc, fhirjson.Index(n), "fullUrl")
		if url == reference || strings.HasSuffix(url, "/"+reference) {
			return resource, true, nil
		}
		if url == "" && reference == doc.Nodes[resource].Type.String()+"/"+textOf(doc, resource, "id") {
			return resource, true, nil
		}
	}
	return 0, false, nil
}

// contained returns the contained resource that a reference at n means by its id,
// in the innermost resource around n that has one: the first of several. No id means
// the container itself.
func (v *Evaluator) contained(number uint16, n fhirjson.Index, id []byte) (found fhirjson.Index, ok bool) {
	doc := v.document(number)
	for around, more := fhirjson.Index(0), true; more; around, more = v.resourceTowards(doc, around, n) {
		node := &doc.Nodes[around]
		if len(id) == 0 {
			if node.Field.Field().Name != "contained" {
				found, ok = around, true
			}
			continue
		}
		field := schema.Lookup(node.Type, "contained")
		first, has := doc.Child(around, field)
		if !has {
			continue
		}
		for c := uint32(first); c < node.Next && doc.Nodes[c].Field == field; c = doc.Nodes[c].Next {
			t := doc.Nodes[c].Type
			child, has := doc.Child(fhirjson.Index(c), schema.Lookup(t, "id"))
			v.left -= costOfOperator
			if has && bytes.Equal(v.text(item{ref: uint32(child), doc: number}, &v.buffers[1]), id) {
				found, ok = fhirjson.Index(c), true
				break
			}
		}
	}
	return found, ok
}
