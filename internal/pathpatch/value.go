package pathpatch

import (
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// place reads a part that is a place in a list, from 0 to the last one.
func (p *patch) place(part fhirjson.Index, last int) (int, error) {
	at, err := strconv.Atoi(p.doc.Member(part, "valueInteger"))
	if err != nil || at < 0 || at > last {
		return 0, p.fails(part, issue.Value, "the place is a valueInteger from 0 to "+strconv.Itoa(last))
	}
	return at, nil
}

// value reads the value of an operation, for the element of a type that has a name, and
// returns the value's field.
func (p *patch) value(o operation, t schema.TypeID, name string) (schema.FieldID, item, error) {
	f, v, err := p.member(o.value, t, name)
	if err == nil && f == 0 {
		at := o.value
		if o.name != 0 {
			at = o.name
		}
		err = p.fails(at, issue.Value, "there is no such element of "+t.String()+" for a value of this type")
	}
	return f, v, err
}

// member reads a part as the element of a type that has a name. Its field is 0 if the type
// has no such element.
func (p *patch) member(part fhirjson.Index, t schema.TypeID, name string) (schema.FieldID, item, error) {
	value, parts := fhirjson.Index(0), false
	for c := range p.doc.Children(part) {
		switch field := p.doc.Nodes[c].Field.Field(); {
		case field.Name == "part":
			parts = true
		case field.Element == "value" || field.Name == "resource":
			value = c
		}
	}
	switch {
	case parts && value != 0:
		return 0, item{}, p.fails(part, issue.Invalid, "the value has both a value and parts")
	case parts:
		f := fieldOf(t, name, "")
		if f == 0 {
			return 0, item{}, nil
		}
		text, err := p.anonymous(part, f.Field().Type)
		return f, item{value: text}, err
	case value == 0:
		return 0, item{}, p.fails(part, issue.Required, "the part has no value")
	}
	of := p.doc.Nodes[value].Field.Field().Name
	return fieldOf(t, name, strings.TrimPrefix(of, "value")), itemOf(&p.doc, value), nil
}

// fieldOf returns the field of a type that has a name, or that is the alternative of an
// element with that name for a type of values. It is 0 if there is none.
func fieldOf(t schema.TypeID, name, suffix string) schema.FieldID {
	if f := schema.Lookup(t, name); f != 0 {
		return f
	}
	if first, end := schema.Element(t, name); first < end {
		return schema.Lookup(t, name+suffix)
	}
	return 0
}

// anonymous makes the object of a type whose elements are the parts of a part.
func (p *patch) anonymous(part fhirjson.Index, t schema.TypeID) ([]byte, error) {
	var fields []schema.FieldID
	items := map[schema.FieldID][]item{}
	for c := range p.doc.Members(part, "part") {
		f, v, err := p.member(c, t, p.doc.Member(c, "name"))
		switch {
		case err != nil:
			return nil, err
		case f == 0:
			return nil, p.fails(c, issue.Value, "there is no such element of "+t.String()+" for a value of this type")
		case items[f] == nil:
			fields = append(fields, f)
		case !f.Field().Array():
			return nil, p.fails(c, issue.Duplicate, "the element does not repeat")
		}
		items[f] = append(items[f], v)
	}
	out := []byte{'{'}
	for _, f := range fields {
		out = appendMembers(out, f, items[f])
	}
	return append(out, '}'), nil
}
