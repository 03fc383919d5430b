package fhirpath

import (
	"strconv"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// An item is a member of a collection under evaluation: a number that its sort
// says how to read. It is small because a stack of them is all that evaluation
// moves about.
type item struct {
	ref  uint32
	doc  uint16 // of a node: number of its document; the first is the one evaluated on
	sort itemSort
}

// itemSort says what an item's ref is.
type itemSort uint8

const (
	sortNode    itemSort = iota // index of a node of a document
	sortNothing                 // no item: $this where there is none
	sortBoolean                 // 0 or 1
	sortInteger                 // an int32
	sortDecimal                 // this and the rest: number of a value
	sortString
	sortDate
	sortDateTime
	sortTime
	sortQuantity
	sortType // what type() yields
)

// systemNames are the names of FHIRPath's own types by sort.
var systemNames = [...]string{
	sortBoolean: "System.Boolean", sortInteger: "System.Integer", sortDecimal: "System.Decimal", sortString: "System.String",
	sortDate: "System.Date", sortDateTime: "System.DateTime", sortTime: "System.Time", sortQuantity: "System.Quantity",
	sortType: "System.TypeInfo",
}

// A value is one of FHIRPath's own that does not fit into an item.
type value struct {
	text string // as a literal has it, without quotes and @; of a type, its namespace
	unit string // of a quantity its unit; of a type, its name
	word bool   // whether the unit is a word like days
}

func nodeItem(n fhirjson.Index) item { return item{ref: uint32(n)} }

func booleanItem(b bool) item {
	if b {
		return item{ref: 1, sort: sortBoolean}
	}
	return item{sort: sortBoolean}
}

func integerItem(i int32) item { return item{ref: uint32(i), sort: sortInteger} }

// class groups items that can be equal to and ordered among each other.
type class uint8

const (
	classNone   class = iota // a primitive without a value
	classObject              // an element with elements of its own
	classBoolean
	classNumber
	classString
	classTemporal // date, dateTime, instant
	classTime
	classQuantity // a System.Quantity; FHIR's are objects too
	classType
)

// classes are the classes of values by sort.
var classes = [...]class{
	sortBoolean: classBoolean, sortInteger: classNumber, sortDecimal: classNumber, sortString: classString,
	sortDate: classTemporal, sortDateTime: classTemporal, sortTime: classTime, sortQuantity: classQuantity, sortType: classType,
}

// classOf returns the item's class.
func (v *Evaluator) classOf(it item) class {
	if it.sort == sortNode {
		return classOfNode(v.node(it))
	}
	return classes[it.sort]
}

func classOfNode(n *fhirjson.Node) class {
	switch n.Kind {
	case fhirjson.Null:
		return classNone
	case fhirjson.Object:
		return classObject
	case fhirjson.Number:
		return classNumber
	case fhirjson.True, fhirjson.False:
		return classBoolean
	}
	return classOfPrimitive(n.Type)
}

// classOfPrimitive returns the class of the values of a primitive type.
func classOfPrimitive(t schema.TypeID) class {
	switch t {
	case schema.TypeBoolean:
		return classBoolean
	case schema.TypeInteger, schema.TypePositiveInt, schema.TypeUnsignedInt, schema.TypeDecimal:
		return classNumber
	case schema.TypeDate, schema.TypeDateTime, schema.TypeInstant:
		return classTemporal
	case schema.TypeTime:
		return classTime
	default:
		return classString
	}
}

// node returns the node that an item of sortNode is.
func (v *Evaluator) node(it item) *fhirjson.Node { return &v.nodes(it)[it.ref] }

// nodes returns the nodes of the document that an item is in.
func (v *Evaluator) nodes(it item) []fhirjson.Node { return v.document(it.doc).Nodes }

// document returns a document by its number.
func (v *Evaluator) document(number uint16) *fhirjson.Document {
	if number == 0 {
		return v.doc
	}
	return v.docs[number-1]
}

// value returns the value that an item of sortDecimal or a later sort is.
func (v *Evaluator) value(it item) *value {
	if constants := v.expr.values; it.ref < uint32(len(constants)) {
		return &constants[it.ref]
	} else {
		return &v.values[it.ref-uint32(len(constants))]
	}
}

// text returns the value of a primitive as text, of a quantity its number. The
// result is valid until the buffer is used again.
func (v *Evaluator) text(it item, buffer *[]byte) []byte {
	switch it.sort {
	case sortNode:
		doc, n := v.document(it.doc), fhirjson.Index(it.ref)
		v.left -= int(doc.Nodes[n].End-doc.Nodes[n].Start) / bytesPerVisit
		if !doc.Nodes[n].Escaped {
			return doc.Raw(n)
		}
		*buffer = doc.Text(n, *buffer)
	case sortBoolean:
		*buffer = strconv.AppendBool((*buffer)[:0], it.ref == 1)
	case sortInteger:
		*buffer = strconv.AppendInt((*buffer)[:0], int64(int32(it.ref)), 10)
	default:
		text := v.value(it).text
		v.left -= len(text) / bytesPerVisit
		*buffer = append((*buffer)[:0], text...)
	}
	return *buffer
}

// size returns how many bytes the text of a primitive has, escapes included; 0 for
// any other item.
func (v *Evaluator) size(it item) int {
	switch {
	case it.sort >= sortDecimal:
		return len(v.value(it).text)
	case it.sort != sortNode:
		return 0
	}
	if n := v.node(it); n.Kind != fhirjson.Object {
		return int(n.End - n.Start)
	}
	return 0
}

// string returns the value of a primitive as text that stays.
func (v *Evaluator) string(it item) string {
	if it.sort >= sortDecimal {
		return v.value(it).text
	}
	return string(v.text(it, &v.buffers[0]))
}

// truthOf returns the value of a boolean item.
func (v *Evaluator) truthOf(it item) bool {
	if it.sort == sortNode {
		return v.node(it).Kind == fhirjson.True
	}
	return it.ref == 1
}

// momentOf returns the value of an item of classTemporal or classTime, and whether
// it could be read.
func (v *Evaluator) momentOf(it item, c class) (moment, bool) {
	text := v.text(it, &v.buffers[0])
	if c == classTime {
		return parseTime(text)
	}
	return parseDateTime(text)
}

// typeOf returns the sort of the System type that an item is or converts to
// implicitly: FHIR's primitives become FHIRPath's (FHIR R4 §2.9.1.2). It is
// sortNothing where there is none.
func (v *Evaluator) typeOf(it item) itemSort {
	if it.sort != sortNode {
		return it.sort
	}
	n := v.node(it)
	switch n.Kind {
	case fhirjson.Null:
		return sortNothing
	case fhirjson.Object:
		if n.Type.Is(schema.TypeQuantity) {
			return sortQuantity
		}
		return sortNothing
	case fhirjson.True, fhirjson.False:
		return sortBoolean
	case fhirjson.Number:
		if n.Type == schema.TypeDecimal {
			return sortDecimal
		}
		return sortInteger
	}
	return sortOfPrimitive(n.Type)
}

// sortOfPrimitive returns the sort that a primitive type converts to implicitly.
func sortOfPrimitive(t schema.TypeID) itemSort {
	switch t {
	case schema.TypeBoolean:
		return sortBoolean
	case schema.TypeInteger, schema.TypePositiveInt, schema.TypeUnsignedInt:
		return sortInteger
	case schema.TypeDecimal:
		return sortDecimal
	case schema.TypeDate:
		return sortDate
	case schema.TypeDateTime, schema.TypeInstant:
		return sortDateTime
	case schema.TypeTime:
		return sortTime
	default:
		return sortString
	}
}
