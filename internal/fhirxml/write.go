package fhirxml

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// ErrNoXML is returned for a resource that cannot be written as XML.
var ErrNoXML = errors.New("fhirxml: the resource has no form in XML")

// The namespaces of FHIR and of its narratives.
const (
	namespace      = "http://hl7.org/fhir"
	xhtmlNamespace = "http://www.w3.org/1999/xhtml"
)

// header stands before every document that Append writes.
const header = `<?xml version="1.0" encoding="UTF-8"?>`

// Append appends a resource as XML, in canonical order: without white space between
// elements, or for people to read, each on a line of its own. It reports ErrNoXML and the
// place, and appends nothing then.
func Append(dst []byte, doc *fhirjson.Document, pretty bool) ([]byte, error) {
	if doc.Loose() {
		return dst, fmt.Errorf("%w: it has properties that its type has not", ErrNoXML)
	}
	w := writer{doc: doc, out: append(dst, header...), pretty: pretty}
	if err := w.resource(0, ` xmlns="`+namespace+`"`); err != nil {
		return dst, err
	}
	return w.out, nil
}

// A writer writes one document.
type writer struct {
	doc     *fhirjson.Document
	out     []byte
	scratch []byte
	pretty  bool
	depth   int
}

// line begins a line where the text is for people to read.
func (w *writer) line() {
	if !w.pretty {
		return
	}
	w.out = append(w.out, '\n')
	for range w.depth {
		w.out = append(w.out, "  "...)
	}
}

// resource writes a resource, with attributes in its tag.
func (w *writer) resource(n fhirjson.Index, attributes string) error {
	name := w.doc.Nodes[n].Type.String()
	w.line()
	w.out = append(append(append(w.out, '<'), name...), attributes...)
	return w.content(n, name)
}

// content writes the end of a start tag, the children of a node, and the end tag.
func (w *writer) content(n fhirjson.Index, name string) error {
	open := false
	for c := range w.doc.Children(n) {
		if attribute(w.doc.Nodes[c].Field) {
			continue
		}
		if !open {
			open = true
			w.out = append(w.out, '>')
			w.depth++
		}
		if err := w.element(c); err != nil {
			return err
		}
	}
	if open {
		w.depth--
		w.line()
		w.out = append(append(append(w.out, "</"...), name...), '>')
	} else {
		w.out = append(w.out, "/>"...)
	}
	return nil
}

// element writes an element of a resource or of another element.
func (w *writer) element(n fhirjson.Index) error {
	node := &w.doc.Nodes[n]
	name := node.Field.Field().Name
	w.line()
	if node.Type == xhtml {
		return w.narrative(n)
	}
	w.out = append(append(w.out, '<'), name...)
	if node.Type.Type().Kind == schema.KindResource {
		w.out = append(w.out, '>')
		w.depth++
		if err := w.resource(n, ""); err != nil {
			return err
		}
		w.depth--
		w.line()
		w.out = append(append(append(w.out, "</"...), name...), '>')
		return nil
	}
	for c := range w.doc.Children(n) {
		f := w.doc.Nodes[c].Field
		if !attribute(f) {
			continue
		}
		if _, more := w.doc.First(c); more || !w.doc.HasValue(c) {
			return w.fails(c, "an attribute is a value alone")
		}
		if err := w.attribute(c, f.Field().Name); err != nil {
			return err
		}
	}
	if w.doc.HasValue(n) {
		if err := w.attribute(n, "value"); err != nil {
			return err
		}
	}
	return w.content(n, name)
}

// attribute writes the value of a primitive.
func (w *writer) attribute(n fhirjson.Index, name string) error {
	w.out = append(append(append(w.out, ' '), name...), `="`...)
	text := w.doc.Text(n, w.scratch[:0])
	if w.doc.Nodes[n].Escaped {
		w.scratch = text
	}
	for from := 0; from < len(text); {
		at := from
		var escape string
		for at < len(text) {
			c, size := utf8.DecodeRune(text[at:])
			if !character(c, size) {
				return w.fails(n, "a character that XML cannot carry")
			}
			if escape = escapeOf(c); escape != "" {
				break
			}
			at += size
		}
		w.out = append(append(w.out, text[from:at]...), escape...)
		from = at + 1
	}
	w.out = append(w.out, '"')
	return nil
}

// narrative writes the XHTML of a narrative, as it is.
func (w *writer) narrative(n fhirjson.Index) error {
	_, more := w.doc.First(n)
	if more || !w.doc.HasValue(n) || w.doc.BrokenRule(n) == fhirjson.RuleNarrative {
		return w.fails(n, "a narrative that is no XHTML")
	}
	text := w.doc.Text(n, nil)
	for rest := text; len(rest) > 0; {
		c, size := utf8.DecodeRune(rest)
		if !character(c, size) {
			return w.fails(n, "a character that XML cannot carry")
		}
		rest = rest[size:]
	}
	w.out = append(w.out, bytes.TrimSpace(text)...)
	return nil
}

func (w *writer) fails(n fhirjson.Index, reason string) error {
	return fmt.Errorf("%w: %s: %s", ErrNoXML, w.doc.Pointer(n), reason)
}

// attribute reports whether a field is an attribute in XML: the id of an element that is
// no resource, and the url of an extension.
func attribute(f schema.FieldID) bool {
	row := f.Field()
	switch row.Name {
	case "id":
		return row.Owner.Type().Kind != schema.KindResource
	case "url":
		return row.Owner == extension
	}
	return false
}

// The types with a form of their own.
var (
	xhtml, _     = schema.TypeOf("xhtml")
	extension, _ = schema.TypeOf("Extension")
)

// character reports whether XML 1.0 can carry a character.
func character(c rune, size int) bool {
	switch {
	case c == utf8.RuneError && size == 1, c == 0xFFFE, c == 0xFFFF:
		return false
	case c < ' ':
		return c == '\t' || c == '\n' || c == '\r'
	}
	return true
}

// escapeOf returns how a character is written in an attribute, "" for itself.
func escapeOf(c rune) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	case '\t':
		return "&#9;"
	case '\n':
		return "&#10;"
	case '\r':
		return "&#13;"
	}
	return ""
}
