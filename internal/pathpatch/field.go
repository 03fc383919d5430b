package pathpatch

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/jsonpatch"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// An item is one value of a field, as JSON.
type item struct {
	value []byte // nil for a primitive without a value
	twin  []byte // an object of the id and extensions of a primitive, nil for none
}

// itemOf returns a node as an item.
func itemOf(doc *fhirjson.Document, n fhirjson.Index) (v item) {
	node := &doc.Nodes[n]
	switch node.Kind {
	case fhirjson.Null:
	case fhirjson.String:
		v.value = doc.Source[node.Start-1 : node.End+1]
	default:
		v.value = doc.Source[node.Start:node.End]
	}
	if _, more := doc.First(n); more && node.Type.Type().Kind == schema.KindPrimitive {
		v.twin = []byte{'{'}
		fields := map[schema.FieldID][]item{}
		for c := range doc.Children(n) {
			fields[doc.Nodes[c].Field] = append(fields[doc.Nodes[c].Field], itemOf(doc, c))
		}
		for _, f := range sorted(fields) {
			v.twin = appendMembers(v.twin, f, fields[f])
		}
		v.twin = append(v.twin, '}')
	}
	return v
}

// sorted returns the fields of some items in the order of the specification.
func sorted(of map[schema.FieldID][]item) (fields []schema.FieldID) {
	for f := range of {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	return fields
}

// items returns the items of a field of an element.
func (p *patch) items(parent fhirjson.Index, f schema.FieldID) (items []item) {
	for c := range p.target.Children(parent) {
		if p.target.Nodes[c].Field == f {
			items = append(items, itemOf(&p.target, c))
		}
	}
	return items
}

// parent returns the parent of a node, and the place of the node among those of its
// field.
func (p *patch) parent(n fhirjson.Index) (parent fhirjson.Index, place int) {
	for {
		var next fhirjson.Index
		place = 0
		for c := range p.target.Children(parent) {
			if n < fhirjson.Index(p.target.Nodes[c].Next) {
				next = c
				break
			}
			if p.target.Nodes[c].Field == p.target.Nodes[n].Field {
				place++
			}
		}
		if next == n || next == 0 {
			return parent, place
		}
		parent = next
	}
}

// appendHalf appends the JSON of a field: of its values, or of their twins. It appends
// nothing if there are none.
func appendHalf(dst []byte, f schema.FieldID, items []item, half func(item) []byte) []byte {
	if !slices.ContainsFunc(items, func(v item) bool { return half(v) != nil }) {
		return dst
	}
	if !f.Field().Array() {
		return append(dst, half(items[0])...)
	}
	dst = append(dst, '[')
	for i, v := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if text := half(v); text != nil {
			dst = append(dst, text...)
		} else {
			dst = append(dst, "null"...)
		}
	}
	return append(dst, ']')
}

// halves are the two properties that a field may have in JSON.
var halves = []struct {
	prefix string
	of     func(item) []byte
}{
	{"", func(v item) []byte { return v.value }},
	{"_", func(v item) []byte { return v.twin }},
}

// appendMembers appends the properties of a field to an object that is being written.
func appendMembers(dst []byte, f schema.FieldID, items []item) []byte {
	for _, h := range halves {
		if text := appendHalf(nil, f, items, h.of); text != nil {
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = append(quote.Append(dst, h.prefix+f.Field().Name), ':')
			dst = append(dst, text...)
		}
	}
	return dst
}

// An edit is a JSON Patch that is being written.
type edit struct{ text []byte }

// add appends an operation on a property of an object. Without a value it removes it.
func (e *edit) add(object, name string, value []byte) {
	op := "remove"
	if value != nil {
		op = "add"
	}
	e.text = append(append(append(e.text, `,{"op":"`...), op...), `","path":`...)
	e.text = quote.Append(e.text, object+"/"+name)
	if value != nil {
		e.text = append(append(e.text, `,"value":`...), value...)
	}
	e.text = append(e.text, '}')
}

// field has a field of an object become some items.
func (p *patch) field(e *edit, parent fhirjson.Index, f schema.FieldID, items []item) {
	before := p.items(parent, f)
	object := p.target.Pointer(parent)
	for _, h := range halves {
		text := appendHalf(nil, f, items, h.of)
		if text != nil || appendHalf(nil, f, before, h.of) != nil {
			e.add(object, h.prefix+f.Field().Name, text)
		}
	}
}

// run applies an edit to the text.
func (p *patch) run(e *edit) error {
	e.text[0] = '['
	text, err := jsonpatch.Apply(nil, p.text, append(e.text, ']'))
	if err != nil {
		return &Error{Code: issue.TooCostly, Reason: "the patched resource grows beyond the limits"}
	}
	p.text = text
	return nil
}

// set gives a field of an element some items.
func (p *patch) set(parent fhirjson.Index, f schema.FieldID, items []item) error {
	if p.target.Nodes[parent].Type.Type().Kind == schema.KindPrimitive {
		return p.setTwin(parent, f, items)
	}
	var e edit
	p.field(&e, parent, f, items)
	return p.run(&e)
}

// swap gives an element one alternative of a choice in the place of another.
func (p *patch) swap(parent fhirjson.Index, from, to schema.FieldID, v item) error {
	var e edit
	p.field(&e, parent, from, nil)
	p.field(&e, parent, to, []item{v})
	return p.run(&e)
}

// setTwin gives a field of a primitive some items: the primitive is put back with
// another twin.
func (p *patch) setTwin(n fhirjson.Index, f schema.FieldID, items []item) error {
	fields := map[schema.FieldID][]item{f: items}
	for c := range p.target.Children(n) {
		if of := p.target.Nodes[c].Field; of != f {
			fields[of] = append(fields[of], itemOf(&p.target, c))
		}
	}
	twin := []byte{'{'}
	for _, of := range sorted(fields) {
		twin = appendMembers(twin, of, fields[of])
	}
	parent, place := p.parent(n)
	all := p.items(parent, p.target.Nodes[n].Field)
	if all[place].twin = append(twin, '}'); len(twin) == 1 {
		all[place].twin = nil
	}
	if all[place].value == nil && all[place].twin == nil {
		return p.remove(parent, p.target.Nodes[n].Field, slices.Delete(all, place, place+1))
	}
	return p.set(parent, p.target.Nodes[n].Field, all)
}

// remove gives a field the remaining items, and removes elements that have nothing left
// then.
func (p *patch) remove(parent fhirjson.Index, f schema.FieldID, left []item) error {
	alone := parent != 0 && p.target.Nodes[parent].Kind == fhirjson.Object && len(left) == 0 && !p.target.Loose()
	for c := range p.target.Children(parent) {
		alone = alone && p.target.Nodes[c].Field == f
	}
	if !alone || p.target.Nodes[parent].Type.Type().Kind == schema.KindResource {
		return p.set(parent, f, left)
	}
	above, place := p.parent(parent)
	of := p.target.Nodes[parent].Field
	return p.remove(above, of, slices.Delete(p.items(above, of), place, place+1))
}
