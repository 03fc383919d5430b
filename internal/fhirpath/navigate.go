package fhirpath

import (
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

type (
	// children yields the children of nodes, also of primitives, in document order.
	children struct {
		position
		input operation
		deep  bool // descendants: and theirs
	}
	// valueMember is a step from items that may be values: a type's namespace or
	// name, a quantity's value or unit. Nodes go by the step.
	valueMember struct {
		position
		input operation
		name  string
		step  step
	}
)

func (o *children) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	end := len(v.stack)
	for i := base; i < end; i++ {
		it := v.stack[i]
		if it.sort != sortNode {
			continue
		}
		before := len(v.stack)
		nodes := v.document(it.doc).Nodes
		for n, last := it.ref+1, nodes[it.ref].Next; n < last; {
			v.push(item{ref: n, doc: it.doc})
			if o.deep {
				n++
			} else {
				n = nodes[n].Next
			}
		}
		if err := v.visit(1+len(v.stack)-before, o.Pos()); err != nil {
			return err
		}
	}
	v.stack = append(v.stack[:base], v.stack[end:]...)
	return nil
}

func (o *valueMember) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	end := len(v.stack)
	for i := base; i < end; i++ {
		it := v.stack[i]
		if it.sort == sortNode {
			if err := v.visit(v.pushChildren(it, o.step), o.Pos()); err != nil {
				return err
			}
		} else if member, ok := v.memberOf(it, o.name); ok {
			v.push(member)
			if err := v.visit(1, o.Pos()); err != nil {
				return err
			}
		}
	}
	v.stack = append(v.stack[:base], v.stack[end:]...)
	return v.visit(end-base, o.Pos())
}

// valueMembers are the elements of values and their sorts.
var valueMembers = map[string]itemSort{
	"namespace": sortString, "name": sortString, "unit": sortString, "value": sortDecimal,
}

// memberOf returns an element of a value.
func (v *Evaluator) memberOf(it item, name string) (item, bool) {
	if it.sort != sortType && it.sort != sortQuantity {
		return item{}, false
	}
	x := *v.value(it)
	switch {
	case it.sort == sortType && name == "namespace":
		return v.addValue(sortString, value{text: x.text}), true
	case it.sort == sortType && name == "name", it.sort == sortQuantity && name == "unit":
		return v.addValue(sortString, value{text: x.unit}), true
	case it.sort == sortQuantity && name == "value":
		return v.addValue(sortDecimal, value{text: x.text}), true
	default:
		return item{}, false
	}
}

// rootResource yields %rootResource: the container of %resource, or else %resource
// itself (FHIR R4 §2.9.1.4).
type rootResource struct{ position }

func (o *rootResource) eval(v *Evaluator, _ item) error {
	if len(v.doc.Nodes) == 0 {
		return nil
	}
	root := fhirjson.Index(0)
	for n, more := root, true; more; n, more = v.resourceTowards(v.doc, n, v.context) {
		if n == 0 || v.doc.Nodes[n].Field.Field().Name != "contained" {
			root = n
		}
	}
	v.push(nodeItem(root))
	return nil
}

// childOf returns the first child of a node by the name of its JSON property.
func childOf(doc *fhirjson.Document, n fhirjson.Index, name string) (fhirjson.Index, bool) {
	f := schema.Lookup(doc.Nodes[n].Type, name)
	if f == 0 {
		return 0, false
	}
	return doc.Child(n, f)
}

// textOf returns the text of that child, "" if there is none.
func textOf(doc *fhirjson.Document, n fhirjson.Index, name string) string {
	c, ok := childOf(doc, n, name)
	if !ok || !doc.HasValue(c) {
		return ""
	}
	return string(doc.Text(c, nil))
}
