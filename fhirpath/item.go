package fhirpath

import (
	"strconv"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// An item is a member of a collection under evaluation: a number that its sort
// says how to read. It is small because a stack of them is all that evaluation
// moves about.
type item struct {
	ref  uint32
	sort itemSort
}

// itemSort says what an item's ref is.
type itemSort uint8

const (
	sortNode    itemSort = iota // index of a node of the document
	sortBoolean                 // 0 or 1
	sortInteger                 // an int32
	sortDecimal                 // this and the rest: index of a text of the expression
	sortString
	sortDate
	sortDateTime
	sortTime
)

// systemNames are the names of FHIRPath's own types by sort.
var systemNames = [...]string{
	sortBoolean: "System.Boolean", sortInteger: "System.Integer", sortDecimal: "System.Decimal", sortString: "System.String",
	sortDate: "System.Date", sortDateTime: "System.DateTime", sortTime: "System.Time",
}

func nodeItem(n fhirjson.Index) item { return item{uint32(n), sortNode} }

func booleanItem(b bool) item {
	if b {
		return item{1, sortBoolean}
	}
	return item{0, sortBoolean}
}

func integerItem(i int32) item { return item{uint32(i), sortInteger} }

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
)

// classOf returns the item's class.
func (v *Evaluator) classOf(it item) class {
	switch it.sort {
	case sortNode:
		return classOfNode(&v.doc.Nodes[it.ref])
	case sortBoolean:
		return classBoolean
	case sortInteger, sortDecimal:
		return classNumber
	case sortString:
		return classString
	case sortTime:
		return classTime
	default:
		return classTemporal
	}
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
	switch n.Type {
	case schema.TypeDate, schema.TypeDateTime, schema.TypeInstant:
		return classTemporal
	case schema.TypeTime:
		return classTime
	default:
		return classString
	}
}

// text returns the value of a primitive as text. The result is valid until the
// buffer is used again.
func (v *Evaluator) text(it item, buffer *[]byte) []byte {
	switch it.sort {
	case sortNode:
		n := fhirjson.Index(it.ref)
		if !v.doc.Nodes[n].Escaped {
			return v.doc.Raw(n)
		}
		*buffer = v.doc.Text(n, *buffer)
	case sortBoolean:
		*buffer = strconv.AppendBool((*buffer)[:0], it.ref == 1)
	case sortInteger:
		*buffer = strconv.AppendInt((*buffer)[:0], int64(int32(it.ref)), 10)
	default:
		*buffer = append((*buffer)[:0], v.expr.texts[it.ref]...)
	}
	return *buffer
}

// truthOf returns the value of a boolean item.
func (v *Evaluator) truthOf(it item) bool {
	if it.sort == sortNode {
		return v.doc.Nodes[it.ref].Kind == fhirjson.True
	}
	return it.ref == 1
}

// timeOf returns the value of an item of classTemporal or classTime, and whether
// it could be read.
func (v *Evaluator) timeOf(it item, c class) (fhirtime.Time, bool) {
	text := v.text(it, &v.buffers[0])
	var t fhirtime.Time
	var err error
	if c == classTime {
		t, err = fhirtime.ParseTime(text)
	} else {
		t, err = fhirtime.ParseSearch(text)
	}
	return t, err == nil
}
