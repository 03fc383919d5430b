package fhirxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// AppendJSON appends the JSON of a resource in XML. It knows names, order and places of
// elements; values are left to the parser of the JSON. An error is a [*fhirjson.Error]
// of one issue, whose offset is one in the XML.
func AppendJSON(dst, src []byte) ([]byte, error) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	r := &reader{source: src, decoder: xml.NewDecoder(bytes.NewReader(src)), out: dst}
	start, err := r.root()
	if err == nil {
		err = r.resource(start)
	}
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return dst, r.failed(err)
	}
	return r.out, nil
}

// A reader reads one document.
type reader struct {
	source  []byte
	decoder *xml.Decoder
	at      int64 // offset of the token at hand
	out     []byte
	depth   int
	typ     string
	path    []step // to the element at hand
}

// A step is one element of a path, and its index among the items of its list, -1 outside
// lists.
type step struct {
	name  string
	place int
}

// A flaw is a fault of the document, at the token at hand.
type flaw struct {
	code   issue.Code
	reason string
}

func (f flaw) Error() string { return f.reason }

// wrong returns a flaw in the structure.
func wrong(reason string) error { return flaw{issue.Structure, reason} }

// failed returns an error of the decoder, or a flaw, with its place.
func (r *reader) failed(err error) error {
	said := issue.Issue{Severity: issue.Error, Code: issue.Structure, Root: r.typ, Offset: r.at}
	var f flaw
	if errors.As(err, &f) {
		said.Code, said.Diagnostics = f.code, f.reason
	} else {
		// The decoder's text may show what the document has.
		said.Offset, said.Diagnostics = r.decoder.InputOffset(), "the body is not well-formed XML 1.0 in UTF-8"
	}
	for _, s := range r.path {
		said.Pointer += "/" + s.name
		if s.place >= 0 {
			said.Pointer += "/" + strconv.Itoa(s.place)
		}
	}
	return &fhirjson.Error{Issues: []issue.Issue{said}}
}

// token returns the next token that is an element's start or end. At the end of the
// document it returns io.EOF.
func (r *reader) token() (xml.Token, error) {
	for {
		r.at = r.decoder.InputOffset()
		token, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement, xml.EndElement:
			return token, nil
		case xml.CharData:
			if len(bytes.TrimLeft(t, " \t\r\n")) > 0 {
				return nil, wrong("text between elements: a value is an attribute")
			}
		case xml.Directive:
			return nil, wrong("a document type is not allowed")
		}
	}
}

// root returns the tag of the document's element.
func (r *reader) root() (xml.StartElement, error) {
	token, err := r.token()
	if err != nil {
		return xml.StartElement{}, err
	}
	return token.(xml.StartElement), nil // the decoder knows no end before a start
}

// end reads what stands after the document's element.
func (r *reader) end() error {
	switch _, err := r.token(); err {
	case io.EOF:
		return nil
	case nil:
		return wrong("something stands after the resource")
	default:
		return err
	}
}

// resource reads a resource, whose tag was read.
func (r *reader) resource(start xml.StartElement) error {
	t, ok := schema.ResourceType(start.Name.Local)
	if !ok || start.Name.Space != namespace {
		return wrong("the element is no resource of FHIR R4 in the namespace " + namespace)
	}
	if r.typ == "" {
		r.typ = t.String()
	}
	r.out = append(append(append(r.out, `{"resourceType":"`...), t.String()...), '"')
	attributes, err := r.attributes(t, start.Attr)
	if err == nil && attributes.value != nil {
		err = wrong("a resource has no value")
	}
	if err != nil {
		return err
	}
	if err := r.children(t, true); err != nil {
		return err
	}
	r.out = append(r.out, '}')
	return nil
}

// found are the attributes of an element that are read.
type found struct{ id, url, value *string }

// attributes returns the attributes that an element of a type may have, and refuses others.
// Namespaces and attributes of XML Schema are passed over.
func (r *reader) attributes(t schema.TypeID, of []xml.Attr) (a found, err error) {
	kind := t.Type().Kind
	for i := range of {
		name, value := of[i].Name, &of[i].Value
		switch {
		case name.Space == "xmlns" || name.Space == "" && name.Local == "xmlns" || name.Space == "http://www.w3.org/2001/XMLSchema-instance":
			continue
		case name.Space != "":
			return a, wrong("an attribute of another namespace")
		case name.Local == "id" && kind != schema.KindResource && a.id == nil:
			a.id = value
		case name.Local == "url" && t == extension && a.url == nil:
			a.url = value
		case name.Local == "value" && kind == schema.KindPrimitive && a.value == nil:
			a.value = value
		default:
			return a, wrong("an attribute that the element has not, or has once")
		}
	}
	return a, nil
}

// object reads an element that is no primitive.
func (r *reader) object(t schema.TypeID, start xml.StartElement) error {
	a, err := r.attributes(t, start.Attr)
	if err != nil {
		return err
	}
	r.out = append(r.out, '{')
	if err := r.members(t, a); err != nil {
		return err
	}
	r.out = append(r.out, '}')
	return nil
}

// members writes the members of an element: its attributes and its children.
func (r *reader) members(t schema.TypeID, a found) error {
	begun := false
	for _, attribute := range []struct {
		name  string
		value *string
	}{{"id", a.id}, {"url", a.url}} {
		if attribute.value != nil {
			if begun {
				r.out = append(r.out, ',')
			}
			r.out = append(append(append(r.out, '"'), attribute.name...), `":`...)
			r.out, begun = quote.Append(r.out, *attribute.value), true
		}
	}
	return r.children(t, begun)
}

// children reads the children of an element, and its end. begun says that its object has
// members already.
func (r *reader) children(t schema.TypeID, begun bool) error {
	if r.depth++; r.depth > fhirjson.MaxDepth {
		return flaw{issue.TooLong, "elements are nested too deeply"}
	}
	defer func() { r.depth-- }()
	var run run
	for {
		token, err := r.token()
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			r.close(&run)
			return nil
		}
		r.path = append(r.path, step{start.Name.Local, -1})
		f := schema.Lookup(t, start.Name.Local)
		switch field := f.Field(); {
		case f == 0 || attribute(f):
			return flaw{issue.Structure, "unknown element"}
		case start.Name.Space != namespace && (field.Type != xhtml || start.Name.Space != xhtmlNamespace):
			return wrong("the element is not of the namespace " + namespace)
		case f < run.field:
			return wrong("the element stands behind one that it has to stand before")
		case f == run.field && !field.Array():
			return wrong("the element stands more than once")
		}
		if f != run.field {
			r.close(&run)
			run.begin(f)
			if begun {
				r.out = append(r.out, ',')
			}
			begun = true
		}
		if f.Field().Array() {
			r.path[len(r.path)-1].place = run.length
		}
		if err := r.one(&run, start); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
	}
}

// A run is the adjacent elements of one field.
type run struct {
	field  schema.FieldID
	length int
	// Of primitives: the values, and their ids and extensions, as JSON; "" for none.
	values, twins []string
}

// begin begins the run of a field.
func (u *run) begin(f schema.FieldID) { *u = run{field: f, values: u.values[:0], twins: u.twins[:0]} }

// one reads one element of a run.
func (r *reader) one(u *run, start xml.StartElement) error {
	field := u.field.Field()
	u.length++
	if field.Type.Type().Kind == schema.KindPrimitive {
		value, twin, err := r.primitive(field.Type, start)
		if err == nil && value == "" && twin == "" {
			err = wrong("the element has neither a value nor an extension")
		}
		u.values, u.twins = append(u.values, value), append(u.twins, twin)
		return err
	}
	switch {
	case u.length > 1:
		r.out = append(r.out, ',')
	default:
		r.out = append(append(append(r.out, '"'), field.Name...), `":`...)
		if field.Array() {
			r.out = append(r.out, '[')
		}
	}
	if field.Type.Type().Kind == schema.KindResource {
		return r.inner(start)
	}
	return r.object(field.Type, start)
}

// inner reads a resource in an element of its own.
func (r *reader) inner(wrapper xml.StartElement) error {
	for _, a := range wrapper.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			return wrong("an attribute that the element has not")
		}
	}
	if r.depth++; r.depth > fhirjson.MaxDepth {
		return flaw{issue.TooLong, "elements are nested too deeply"}
	}
	defer func() { r.depth-- }()
	token, err := r.token()
	if err != nil {
		return err
	}
	start, ok := token.(xml.StartElement)
	if !ok {
		return wrong("the element holds no resource")
	}
	if err := r.resource(start); err != nil {
		return err
	}
	if token, err = r.token(); err != nil {
		return err
	}
	if _, more := token.(xml.StartElement); more {
		return wrong("the element holds more than one resource")
	}
	return nil
}

// close writes the end of a run.
func (r *reader) close(u *run) {
	if u.length == 0 {
		return
	}
	field := u.field.Field()
	if field.Type.Type().Kind != schema.KindPrimitive {
		if field.Array() {
			r.out = append(r.out, ']')
		}
		return
	}
	begun := false
	for _, half := range []struct {
		prefix string
		items  []string
	}{{`"`, u.values}, {`"_`, u.twins}} {
		if !some(half.items) {
			continue
		}
		if begun {
			r.out = append(r.out, ',')
		}
		begun = true
		r.out = append(append(append(r.out, half.prefix...), field.Name...), `":`...)
		if field.Array() {
			r.out = append(r.out, '[')
		}
		for i, item := range half.items {
			if i > 0 {
				r.out = append(r.out, ',')
			}
			if item == "" {
				item = "null"
			}
			r.out = append(r.out, item...)
		}
		if field.Array() {
			r.out = append(r.out, ']')
		}
	}
}

// some reports whether one of some texts is not empty.
func some(texts []string) bool {
	for _, t := range texts {
		if t != "" {
			return true
		}
	}
	return false
}
