package fhirpath

import (
	"errors"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
)

// A Collection is a list of items in order: the result of an evaluation, or the
// value of a variable.
type Collection []Item

// An Item is one element of a resource, or a value of FHIRPath's own. It may be
// read by many goroutines. The zero Item is no item and must not be used.
type Item struct {
	doc   *fhirjson.Document
	item  item
	value value // of a value that does not fit into item
}

// errValue is the error of the functions that make items.
var errValue = errors.New("fhirpath: not a value of this type")

// NewBoolean returns a System.Boolean.
func NewBoolean(b bool) Item { return Item{item: booleanItem(b)} }

// NewInteger returns a System.Integer.
func NewInteger(i int32) Item { return Item{item: integerItem(i)} }

// NewString returns a System.String.
func NewString(s string) Item { return newValue(sortString, value{text: s}) }

// NewDecimal returns a System.Decimal with the digits that are given: "1.50".
func NewDecimal(digits string) (Item, error) {
	if !isDecimal(digits) {
		return Item{}, errValue
	}
	return newValue(sortDecimal, value{text: plainDecimal(digits)}), nil
}

// NewDate returns a System.Date of a text like 2015-02.
func NewDate(text string) (Item, error) {
	if _, ok := parseDate(text); !ok {
		return Item{}, errValue
	}
	return newValue(sortDate, value{text: text}), nil
}

// NewDateTime returns a System.DateTime of a text like 2015-02-04T14:34:28Z.
func NewDateTime(text string) (Item, error) {
	if _, ok := parseDateTime(text); !ok {
		return Item{}, errValue
	}
	return newValue(sortDateTime, value{text: text}), nil
}

// NewTime returns a System.Time of a text like 14:34.
func NewTime(text string) (Item, error) {
	if _, ok := parseTime(text); !ok {
		return Item{}, errValue
	}
	return newValue(sortTime, value{text: text}), nil
}

// NewQuantity returns a System.Quantity of digits and a UCUM unit.
func NewQuantity(digits, unit string) (Item, error) {
	if !isDecimal(digits) || unit == "" {
		return Item{}, errValue
	}
	return newValue(sortQuantity, value{text: plainDecimal(digits), unit: unit}), nil
}

// NewResource returns a resource in JSON as an item. The slice must not change
// while the item is in use. An error is the parser's.
func NewResource(json []byte) (Item, error) {
	doc := new(fhirjson.Document)
	if err := fhirjson.Parse(json, doc, nil); err != nil {
		return Item{}, err
	}
	return NewNode(doc, 0), nil
}

// NewNode returns a node of a parsed document as an item.
func NewNode(doc *fhirjson.Document, n fhirjson.Index) Item {
	return Item{doc: doc, item: nodeItem(n)}
}

func newValue(sort itemSort, x value) Item { return Item{item: item{sort: sort}, value: x} }

// export returns an item of the evaluation as an Item that outlives the evaluation.
func (v *Evaluator) export(it item) Item {
	switch {
	case it.sort == sortNode:
		return NewNode(v.document(it.doc), fhirjson.Index(it.ref))
	case it.sort < sortDecimal:
		return Item{item: it}
	default:
		return newValue(it.sort, *v.value(it))
	}
}

func (v *Evaluator) exportAll(items []item) Collection {
	if len(items) == 0 {
		return nil
	}
	c := make(Collection, len(items))
	for i, it := range items {
		c[i] = v.export(it)
	}
	return c
}

// pushAll puts items from outside on the stack.
func (v *Evaluator) pushAll(c Collection, pos int) error {
	for _, i := range c {
		switch {
		case i.item.sort == sortNode && i.doc != nil:
			doc, err := v.docNumber(i.doc, pos)
			if err != nil {
				return err
			}
			v.push(item{ref: i.item.ref, doc: doc})
		case i.item.sort >= sortDecimal:
			v.push(v.addValue(i.item.sort, i.value))
		case i.item.sort > sortNothing:
			v.push(i.item)
		}
	}
	return v.visit(len(c), pos)
}

// Type returns the name of the item's type: FHIR's for an element (Patient, HumanName,
// Patient.contact, code), FHIRPath's for any other value (System.Boolean).
func (i Item) Type() string {
	if i.item.sort == sortNode {
		return i.doc.Nodes[i.item.ref].Type.String()
	}
	return systemNames[i.item.sort]
}

// Node returns the item's document and node, and whether the item is a node.
func (i Item) Node() (doc *fhirjson.Document, n fhirjson.Index, ok bool) {
	return i.doc, fhirjson.Index(i.item.ref), i.item.sort == sortNode
}

// HasValue reports whether the item is a primitive with a value.
func (i Item) HasValue() bool {
	return i.item.sort != sortNode || i.doc.HasValue(fhirjson.Index(i.item.ref))
}

// String returns the value of a primitive as text, "" if it has none. A quantity is
// written as a literal: 4 'mg', 4 days. For an element with elements of its own it
// returns the JSON.
func (i Item) String() string {
	switch i.item.sort {
	case sortNode:
		if i.doc.Nodes[i.item.ref].Kind == fhirjson.Null {
			return ""
		}
		return string(i.doc.Text(fhirjson.Index(i.item.ref), nil))
	case sortBoolean:
		return strconv.FormatBool(i.item.ref == 1)
	case sortInteger:
		return strconv.Itoa(int(int32(i.item.ref)))
	case sortQuantity:
		return formatQuantity(&i.value)
	case sortType:
		return i.value.text + "." + i.value.unit
	default:
		return i.value.text
	}
}

// JSON returns the item as in the resource, without the id and extensions of a
// primitive; null for a primitive without a value. A quantity is a FHIR Quantity, other
// values are JSON's numbers, booleans and strings. The slice may be part of the
// resource and must not be changed.
func (i Item) JSON() []byte {
	switch i.item.sort {
	case sortNode:
		n := &i.doc.Nodes[i.item.ref]
		switch n.Kind {
		case fhirjson.Null:
			return []byte("null")
		case fhirjson.String:
			return i.doc.Source[n.Start-1 : n.End+1]
		}
		return i.doc.Raw(fhirjson.Index(i.item.ref))
	case sortBoolean, sortInteger, sortDecimal:
		return []byte(i.String())
	case sortQuantity:
		return quantityJSON(&i.value)
	default:
		return quote.Append(nil, i.String())
	}
}

// Bool returns the value of a boolean, and whether the item is one.
func (i Item) Bool() (value, ok bool) {
	if i.item.sort == sortNode {
		kind := i.doc.Nodes[i.item.ref].Kind
		return kind == fhirjson.True, kind == fhirjson.True || kind == fhirjson.False
	}
	return i.item.ref == 1, i.item.sort == sortBoolean
}
