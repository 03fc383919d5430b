package fhirpath

import "github.com/fhirlake/fhirlake/internal/fhirpath"

// A Collection is a list of items in order: the result of an evaluation, or the
// value of a variable.
type Collection []Item

// An Item is one element of a resource, or a value of FHIRPath's own. It may be
// read by many goroutines. The zero Item is no item and must not be used.
type Item struct{ item fhirpath.Item }

// NewBoolean returns a System.Boolean.
func NewBoolean(b bool) Item { return Item{fhirpath.NewBoolean(b)} }

// NewInteger returns a System.Integer.
func NewInteger(i int32) Item { return Item{fhirpath.NewInteger(i)} }

// NewString returns a System.String.
func NewString(s string) Item { return Item{fhirpath.NewString(s)} }

// NewDecimal returns a System.Decimal with the digits that are given: "1.50".
func NewDecimal(digits string) (Item, error) { return made(fhirpath.NewDecimal(digits)) }

// NewDate returns a System.Date of a text like 2015-02.
func NewDate(text string) (Item, error) { return made(fhirpath.NewDate(text)) }

// NewDateTime returns a System.DateTime of a text like 2015-02-04T14:34:28Z.
func NewDateTime(text string) (Item, error) { return made(fhirpath.NewDateTime(text)) }

// NewTime returns a System.Time of a text like 14:34.
func NewTime(text string) (Item, error) { return made(fhirpath.NewTime(text)) }

// NewQuantity returns a System.Quantity of digits and a UCUM unit.
func NewQuantity(digits, unit string) (Item, error) { return made(fhirpath.NewQuantity(digits, unit)) }

// NewResource returns a resource in JSON as an item. The slice must not change
// while the item is in use. An error is the parser's.
func NewResource(json []byte) (Item, error) { return made(fhirpath.NewResource(json)) }

func made(i fhirpath.Item, err error) (Item, error) { return Item{i}, err }

// Type returns the name of the item's type: of an element FHIR's (Patient,
// HumanName, Patient.contact, code), of any other value FHIRPath's
// (System.Boolean).
func (i Item) Type() string { return i.item.Type() }

// HasValue reports whether the item is a primitive with a value.
func (i Item) HasValue() bool { return i.item.HasValue() }

// String returns the value of a primitive as text, "" if it has none. A quantity
// is written as a literal: 4 'mg', 4 days. Of an element with elements of its own
// it is the JSON.
func (i Item) String() string { return i.item.String() }

// JSON returns the item as it stands in the resource, without the id and
// extensions of a primitive; null for a primitive without a value. A quantity is a
// FHIR Quantity, other values are JSON's numbers, booleans and strings. The slice
// may be part of the resource and must not be changed.
func (i Item) JSON() []byte { return i.item.JSON() }

// Bool returns the value of a boolean, and whether the item is one.
func (i Item) Bool() (value, ok bool) { return i.item.Bool() }

// Quantity returns the digits, the UCUM code and the unit as it is written of a
// System.Quantity, and whether the item is one.
func (i Item) Quantity() (digits, code, unit string, ok bool) { return i.item.Quantity() }
