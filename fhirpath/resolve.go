package fhirpath

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// resolvesTo is "resolve() is T". It looks at no other resource: the type is told
// by the reference's text, a contained resource, Reference.type or the Resolver,
// in this order. A reference whose type is not known yields nothing, as one that
// cannot be resolved does.
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
			return v.fail(ErrEvaluation, o.pos(), "type of several items")
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
	n := fhirjson.Index(it.ref)
	isReference := v.doc.Nodes[n].Type == schema.TypeReference
	text := n
	ok := v.classOf(it) == classString
	if isReference {
		text, ok = v.doc.Child(n, o.reference)
	}
	var reference []byte
	if ok {
		reference = v.text(nodeItem(text), &v.buffers[0])
		if bytes.HasPrefix(reference, []byte("#")) {
			return containedType(v.doc, n, reference[1:])
		}
		if t, ok := typeInReference(reference); ok {
			return t, true
		}
	}
	if isReference {
		if child, ok := v.doc.Child(n, o.typeField); ok {
			return schema.ResourceType(string(v.text(nodeItem(child), &v.buffers[1])))
		}
	}
	if v.Resolver != nil && len(reference) > 0 {
		if name, ok := v.Resolver.ResolveType(string(reference)); ok {
			return schema.ResourceType(name)
		}
	}
	return 0, false
}

// typeInReference returns the type that the text of a literal reference names:
// Type/id, also with _history and after the base of an absolute URL, or
// Type?query (FHIR R4 §2.3.0.1, §3.1.0.11.2).
func typeInReference(reference []byte) (schema.TypeID, bool) {
	if query := bytes.IndexByte(reference, '?'); query >= 0 {
		_, name := cutLast(reference[:query])
		return schema.ResourceType(string(name))
	}
	rest, last := cutLast(reference)
	before, name := cutLast(rest)
	if string(name) == "_history" {
		rest, last = cutLast(before)
		_, name = cutLast(rest)
	}
	if len(last) == 0 {
		return 0, false
	}
	return schema.ResourceType(string(name))
}

// cutLast splits a path before its last segment: "a/b/c" into "a/b" and "c".
func cutLast(path []byte) (before, last []byte) {
	slash := bytes.LastIndexByte(path, '/')
	return path[:max(slash, 0)], path[slash+1:]
}

// containedType returns the type of the contained resource that a reference at n
// means by its id, in the innermost resource around n that has one. No id means
// the container itself.
func containedType(doc *fhirjson.Document, n fhirjson.Index, id []byte) (found schema.TypeID, ok bool) {
	for around, more := fhirjson.Index(0), true; more; around, more = resourceTowards(doc, around, n) {
		node := &doc.Nodes[around]
		if len(id) == 0 {
			if node.Field.Field().Name != "contained" {
				found, ok = node.Type, true
			}
			continue
		}
		contained := schema.Lookup(node.Type, "contained")
		first, has := doc.Child(around, contained)
		if !has {
			continue
		}
		for c := uint32(first); c < node.Next && doc.Nodes[c].Field == contained; c = doc.Nodes[c].Next {
			t := doc.Nodes[c].Type
			child, has := doc.Child(fhirjson.Index(c), schema.Lookup(t, "id"))
			if has && bytes.Equal(doc.Raw(child), id) {
				found, ok = t, true
			}
		}
	}
	return found, ok
}
