package fhirpath

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// A Collection is the result of an evaluation: items in order.
type Collection []Item

// An Item is one element of a resource, or a value of FHIRPath's own. It may be
// read by many goroutines.
type Item struct {
	doc  *fhirjson.Document
	item item
	text string // of a value that is not an element
}

func newItem(doc *fhirjson.Document, e *Expression, it item) Item {
	i := Item{doc: doc, item: it}
	switch it.sort {
	case sortNode:
	case sortBoolean:
		i.text = strconv.FormatBool(it.ref == 1)
	case sortInteger:
		i.text = strconv.Itoa(int(int32(it.ref)))
	default:
		i.text = e.texts[it.ref]
	}
	return i
}

// Type returns the name of the item's type: of an element FHIR's (Patient,
// HumanName, Patient.contact, code), of any other value FHIRPath's
// (System.Boolean).
func (i Item) Type() string {
	if i.item.sort == sortNode {
		return i.doc.Nodes[i.item.ref].Type.String()
	}
	return systemNames[i.item.sort]
}

// HasValue reports whether the item is a primitive with a value.
func (i Item) HasValue() bool {
	return i.item.sort != sortNode || i.doc.HasValue(fhirjson.Index(i.item.ref))
}

// String returns the value of a primitive as text, "" if it has none. Of an
// element with elements of its own it is the JSON.
func (i Item) String() string {
	switch {
	case i.item.sort != sortNode:
		return i.text
	case i.doc.Nodes[i.item.ref].Kind == fhirjson.Null:
		return ""
	default:
		return string(i.doc.Text(fhirjson.Index(i.item.ref), nil))
	}
}

// JSON returns the item as it stands in the resource, without the id and
// extensions of a primitive; null for a primitive without a value. The slice may
// be part of the resource and must not be changed.
func (i Item) JSON() []byte {
	if i.item.sort == sortNode {
		n := &i.doc.Nodes[i.item.ref]
		switch n.Kind {
		case fhirjson.Null:
			return []byte("null")
		case fhirjson.String:
			return i.doc.Source[n.Start-1 : n.End+1]
		}
		return i.doc.Raw(fhirjson.Index(i.item.ref))
	}
	if i.item.sort <= sortDecimal {
		return []byte(i.text)
	}
	quoted, _ := jsontext.AppendQuote(nil, i.text) // fails on invalid UTF-8, which Compile refuses
	return quoted
}

// Bool returns the value of a boolean, and whether the item is one.
func (i Item) Bool() (value, ok bool) {
	if i.item.sort == sortNode {
		kind := i.doc.Nodes[i.item.ref].Kind
		return kind == fhirjson.True, kind == fhirjson.True || kind == fhirjson.False
	}
	return i.item.ref == 1, i.item.sort == sortBoolean
}
