package fhirpath

import (
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

type (
	// extensionOf is extension(url) with a computed url; with has set, hasExtension.
	extensionOf struct {
		position
		input, url operation
		has        bool
	}
	// modifierCheck is checkModifiers: it yields its input, unless an item has a
	// modifier extension that is not among the arguments.
	modifierCheck struct {
		position
		input     operation
		modifiers []operation
	}
	// sliceOf is slice: the items that are in a slice of a structure.
	sliceOf struct {
		position
		input, structure, name operation
	}
	// elementDefinition yields the definition of each item.
	elementDefinition struct {
		position
		input operation
	}
)

func (o *extensionOf) eval(v *Evaluator, focus item) error {
	url, ok, err := v.oneString(o.url, focus)
	if err != nil {
		return err
	}
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	end := len(v.stack)
	for i := base; i < end && ok; i++ {
		it := v.stack[i]
		if it.sort != sortNode {
			continue
		}
		doc, visits := v.document(it.doc), 1
		for c := range doc.Children(fhirjson.Index(it.ref)) {
			if visits++; doc.Nodes[c].Type == schema.TypeExtension && doc.Nodes[c].Field.Field().Name == "extension" && textOf(doc, c, "url") == url {
				v.push(item{ref: uint32(c), doc: it.doc})
			}
		}
		if err := v.visit(visits, o.Pos()); err != nil {
			return err
		}
	}
	found := v.stack[end:]
	if o.has {
		v.replace(base, booleanItem(len(found) > 0), true)
		return nil
	}
	v.stack = append(v.stack[:base], found...)
	return nil
}

func (o *modifierCheck) eval(v *Evaluator, focus item) error {
	known := map[string]bool{}
	for _, m := range o.modifiers {
		url, ok, err := v.oneString(m, focus)
		if err != nil {
			return err
		}
		known[url] = ok
	}
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	for _, it := range v.stack[base:] {
		if it.sort != sortNode {
			continue
		}
		doc := v.document(it.doc)
		for c := range doc.Children(fhirjson.Index(it.ref)) {
			if doc.Nodes[c].Field.Field().Name == "modifierExtension" && !known[textOf(doc, c, "url")] {
				return v.fail(ErrEvaluation, o.Pos(), "an element has a modifier extension that is not known")
			}
		}
	}
	return v.visit(len(v.stack)-base, o.Pos())
}

// eval yields nothing if nobody knows the structure.
func (o *sliceOf) eval(v *Evaluator, focus item) error {
	structure, ok1, err := v.oneString(o.structure, focus)
	if err != nil {
		return err
	}
	name, ok2, err := v.oneString(o.name, focus)
	if err != nil {
		return err
	}
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	return v.filter(base, o.Pos(), func(it item) (bool, error) {
		if v.InSlice == nil || !ok1 || !ok2 {
			return false, nil
		}
		in, known, err := v.InSlice(v.ctx, v.export(it), structure, name)
		return in && known, err
	})
}

// eval yields nothing if nobody knows definitions.
func (o *elementDefinition) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	end := len(v.stack)
	for i := base; i < end && v.ElementDefinition != nil; i++ {
		definitions, err := v.ElementDefinition(v.ctx, v.export(v.stack[i]))
		if err != nil {
			return err
		}
		if err := v.pushAll(definitions, o.Pos()); err != nil {
			return err
		}
	}
	v.stack = append(v.stack[:base], v.stack[end:]...)
	return nil
}
