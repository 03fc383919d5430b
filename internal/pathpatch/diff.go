package pathpatch

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Diff returns the FHIRPath Patch, a Parameters resource in JSON, that makes one resource
// of another of the same type. The documents are canonical and have no loose properties.
// Items of lists are compared in their places, from both ends: a move is a delete and an
// insert.
func Diff(from, to *fhirjson.Document) []byte {
	d := differ{from: from, to: to, out: []byte(`{"resourceType":"Parameters"`)}
	d.elements(0, 0, from.Type().String())
	if d.begun {
		d.out = append(d.out, ']')
	}
	return append(d.out, '}')
}

// A differ writes the operations that make one document of another.
type differ struct {
	from, to *fhirjson.Document
	out      []byte
	begun    bool
}

// fieldItems returns the nodes under a node, by field.
func fieldItems(doc *fhirjson.Document, n fhirjson.Index) (fields map[schema.FieldID][]fhirjson.Index) {
	fields = map[schema.FieldID][]fhirjson.Index{}
	for c := range doc.Children(n) {
		fields[doc.Nodes[c].Field] = append(fields[doc.Nodes[c].Field], c)
	}
	return fields
}

// elements compares the children of two nodes of one type. Deletions come last, since an
// element that has nothing left is deleted itself.
func (d *differ) elements(a, b fhirjson.Index, path string) {
	before, after := fieldItems(d.from, a), fieldItems(d.to, b)
	t := d.from.Nodes[a].Type.Type()
	for f := t.First; f < t.End; f++ {
		was, is := before[f], after[f]
		switch other := alternative(before, f); {
		case len(is) == 0:
		case len(was) == 0 && other != 0:
			delete(before, other)
			d.begin("replace", at(path, f, 0))
			d.value(is[0])
		case len(was) == 0:
			for _, n := range is {
				d.begin("add", path)
				d.part("name", `"valueString":`+string(quote.Append(nil, f.Field().Element)))
				d.value(n)
			}
		case f.Field().Array():
			d.list(f, was, is, path)
		default:
			d.item(was[0], is[0], at(path, f, 0))
		}
	}
	for f := t.First; f < t.End; f++ {
		if len(after[f]) == 0 {
			for i := len(before[f]) - 1; i >= 0; i-- {
				d.delete(at(path, f, i))
			}
		}
	}
}

// alternative returns the field of another alternative of a choice that has a value, 0
// for none.
func alternative(of map[schema.FieldID][]fhirjson.Index, f schema.FieldID) schema.FieldID {
	for other := range of {
		if row := other.Field(); other != f && row.Choice() && row.Element == f.Field().Element && len(of[other]) > 0 {
			return other
		}
	}
	return 0
}

// at returns the path of an item of a field.
func at(path string, f schema.FieldID, place int) string {
	name := f.Field().Element
	switch name {
	case "div", "mod", "and", "or", "xor", "implies", "true", "false":
		name = "`" + name + "`"
	}
	path += "." + name
	if f.Field().Array() {
		path += "[" + strconv.Itoa(place) + "]"
	}
	return path
}

// same reports whether two nodes are the same.
func (d *differ) same(a, b fhirjson.Index) bool {
	x, y := itemOf(d.from, a), itemOf(d.to, b)
	return bytes.Equal(x.value, y.value) && bytes.Equal(x.twin, y.twin)
}

// list compares the items of a list.
func (d *differ) list(f schema.FieldID, was, is []fhirjson.Index, path string) {
	first := 0
	for first < len(was) && first < len(is) && d.same(was[first], is[first]) {
		first++
	}
	last := 0
	for last < len(was)-first && last < len(is)-first && d.same(was[len(was)-1-last], is[len(is)-1-last]) {
		last++
	}
	was, is = was[first:len(was)-last], is[first:len(is)-last]
	for i := len(was) - 1; i >= len(is); i-- {
		d.delete(at(path, f, first+i))
	}
	for i, n := range is {
		if i < len(was) {
			d.item(was[i], n, at(path, f, first+i))
			continue
		}
		d.begin("insert", strings.TrimSuffix(at(path, f, 0), "[0]"))
		d.part("index", `"valueInteger":`+strconv.Itoa(first+i))
		d.value(n)
	}
}

// item compares two items in one place.
func (d *differ) item(a, b fhirjson.Index, path string) {
	if d.same(a, b) {
		return
	}
	x, y := &d.from.Nodes[a], &d.to.Nodes[b]
	if x.Kind == fhirjson.Object && x.Type == y.Type {
		d.elements(a, b, path)
		return
	}
	d.begin("replace", path)
	d.value(b)
}

// begin begins an operation.
func (d *differ) begin(kind, path string) {
	if d.begun {
		d.out = append(d.out, ',')
	} else {
		d.out = append(d.out, `,"parameter":[`...)
	}
	d.begun = true
	d.out = append(append(append(d.out, `{"name":"operation","part":[{"name":"type","valueCode":"`...), kind...), `"}`...)
	d.part("path", `"valueString":`+string(quote.Append(nil, path)))
}

func (d *differ) part(name, member string) {
	d.out = append(append(append(append(append(d.out, `,{"name":"`...), name...), `",`...), member...), '}')
}

func (d *differ) end() { d.out = append(d.out, "]}"...) }

func (d *differ) delete(path string) {
	d.begin("delete", path)
	d.end()
}

// value writes the part that has a value, and ends the operation.
func (d *differ) value(n fhirjson.Index) {
	d.out = append(d.out, `,{"name":"value",`...)
	d.out = append(d.member(d.out, n), '}')
	d.end()
}

// parameter is the type of a part of Parameters.
var parameter, _ = schema.TypeOf("Parameters.parameter")

// member appends the content of a part for a value: the value itself, or parts if
// Parameters cannot have a value of its type.
func (d *differ) member(dst []byte, n fhirjson.Index) []byte {
	node := &d.to.Nodes[n]
	v := itemOf(d.to, n)
	name := node.Type.String()
	if node.Type.Type().Kind == schema.KindResource {
		return append(append(dst, `"resource":`...), v.value...)
	}
	if node.Type == xhtml {
		name = "string"
	}
	name = "value" + strings.ToUpper(name[:1]) + name[1:]
	if f := schema.Lookup(parameter, name); f != 0 {
		members := appendMembers([]byte{'{'}, f, []item{v})
		return append(dst, members[1:]...)
	}
	dst = append(dst, `"part":[`...)
	begun := false
	for c := range d.to.Children(n) {
		if begun {
			dst = append(dst, ',')
		}
		begun = true
		dst = append(append(dst, `{"name":"`...), d.to.Nodes[c].Field.Field().Element...)
		dst = append(d.member(append(dst, `",`...), c), '}')
	}
	return append(dst, ']')
}

var xhtml, _ = schema.TypeOf("xhtml")
