package fhirproto

import (
	"sync"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// The extensions by which google/fhir describes a primitive beyond the fields of its
// message.
const (
	// NoValueURL marks a primitive that has extensions but no value.
	NoValueURL = "https://g.co/fhir/StructureDefinition/primitiveHasNoValue"
	// StrideURL tells after how many characters of a base64Binary white space
	// comes, and which.
	StrideURL = "https://g.co/fhir/StructureDefinition/base64Binary-separatorStride"
)

// A kind says how the value of a field stands on the wire.
type kind uint8

// The kinds. Those from kindString on are primitives.
const (
	kindNone      kind = iota // the proto has no such field
	kindMessage               // an element with elements of its own
	kindSimple                // a Quantity in a SimpleQuantity, which has no comparator
	kindContained             // a resource in a ContainedResource
	kindAny                   // the same in an Any
	kindString
	kindOwnCode   // a string in a message made for one code
	kindReference // Reference.reference
	kindEnum
	kindDecimal // a string that is a number in JSON
	kindXHTML
	kindBytes
	kindBoolean
	kindInteger  // zigzag
	kindUnsigned // unsignedInt and positiveInt
	kindDate
	kindDateTime
	kindInstant
	kindTime
)

func (k kind) primitive() bool { return k >= kindString }

// A fieldNumbers has the field numbers of a primitive's message. Value is the first of the
// fields that make up the value.
type fieldNumbers struct{ value, id, extension int }

// numbersByKind are the numbers of the kinds that differ from usualNumbers.
var numbersByKind = [...]fieldNumbers{
	kindOwnCode:  {4, 2, 3},
	kindXHTML:    {1, 2, 0},
	kindDate:     {1, 4, 5},
	kindDateTime: {1, 4, 5},
	kindInstant:  {1, 4, 5},
	kindTime:     {1, 3, 4},
}

var usualNumbers = fieldNumbers{1, 2, 3}

// referenceID has the numbers of ReferenceId, whose field 2 is the history.
var referenceID = fieldNumbers{1, 3, 4}

func (k kind) numbers() fieldNumbers {
	if s := numbersByKind[k]; s != (fieldNumbers{}) {
		return s
	}
	return usualNumbers
}

// The wire types (protobuf.dev/programming-guides/encoding) that the protos use.
const (
	wireVarint = 0
	wireBytes  = 2
)

// tagOf returns the tag of a field that holds bytes.
func tagOf(number int) uint32 { return uint32(number)<<3 | wireBytes }

// A field is a schema.Field in the codec's form.
type field struct {
	key     string // `"name":`
	codes   *schema.Binding
	names   []string         // of kindEnum: the codes by number
	choices []schema.FieldID // of the first alternative of a choice: all of them by number
	tag     uint32           // of the element in its owner's message
	choice  uint32           // of the alternative in the choice's message, 0 for no choice
	typ     schema.TypeID
	first   schema.FieldID // the first alternative: the same for all alternatives of a choice
	kind    kind
	array   bool
}

// name returns the JSON name.
func (f *field) name() string { return f.key[1 : len(f.key)-2] }

// The tables are those of the schema, in the codec's form.
type tables struct {
	fields     []field            // by schema.FieldID
	numbers    [][]schema.FieldID // by type, then field number: the field, of a choice its first alternative
	contained  []schema.TypeID    // by field number of ContainedResource
	references []string           // by field number of Reference: the type, "" for other fields
	reference  map[string]int     // the same the other way round
}

// loadTables derives the tables from the schema once.
var loadTables = sync.OnceValue(func() *tables {
	p := &tables{
		fields:    make([]field, len(schema.Fields)),
		numbers:   make([][]schema.FieldID, len(schema.Types)),
		reference: map[string]int{},
	}
	for _, r := range schema.ReferenceTypes {
		put(&p.references, int(r.Proto), r.Name)
		p.reference[r.Name] = int(r.Proto)
	}
	names := map[schema.BindingID][]string{}
	for t := range schema.Types {
		row := &schema.Types[t]
		if row.Contained != 0 {
			put(&p.contained, int(row.Contained), schema.TypeID(t))
		}
		for f := row.First; f < row.End; f++ {
			p.add(schema.TypeID(t), f, names)
		}
	}
	return p
})

// add fills in field f of type t. names are the codes of the bindings seen so far.
func (p *tables) add(t schema.TypeID, f schema.FieldID, names map[schema.BindingID][]string) {
	row := f.Field()
	out := field{
		key: `"` + row.Name + `":`, tag: tagOf(int(row.Proto)), typ: row.Type, first: f,
		kind: kindOf(row), array: row.Array(),
	}
	if out.kind == kindEnum {
		out.codes = row.Binding.Binding()
		if names[row.Binding] == nil {
			names[row.Binding] = enumNames(out.codes)
		}
		out.names = names[row.Binding]
	}
	if row.Choice() {
		out.choice = tagOf(int(row.ProtoChoice))
		if f > 1 && (f-1).Field().Owner == t && (f-1).Field().Element == row.Element {
			out.first = p.fields[f-1].first
		}
	}
	p.fields[f] = out
	if row.Choice() && row.ProtoChoice != 0 {
		put(&p.fields[out.first].choices, int(row.ProtoChoice), f)
	}
	if out.first == f && row.Proto != 0 {
		put(&p.numbers[t], int(row.Proto), f)
	}
	if out.kind == kindReference {
		put(&p.numbers[t], fragmentField, f)
		for _, r := range schema.ReferenceTypes {
			put(&p.numbers[t], int(r.Proto), f)
		}
	}
}

// put sets all[i] and makes the slice as long as that takes.
func put[T any](all *[]T, i int, v T) {
	for len(*all) <= i {
		*all = append(*all, *new(T))
	}
	(*all)[i] = v
}

func enumNames(b *schema.Binding) []string {
	var names []string
	for _, c := range b.Codes {
		put(&names, int(c.Enum), c.Code)
	}
	return names
}

// primitiveKinds are the kinds of the primitive types that are not plain strings.
var primitiveKinds = map[schema.TypeID]kind{
	schema.TypeXhtml: kindXHTML, schema.TypeBase64Binary: kindBytes, schema.TypeBoolean: kindBoolean,
	schema.TypeInteger: kindInteger, schema.TypeUnsignedInt: kindUnsigned, schema.TypePositiveInt: kindUnsigned,
	schema.TypeDecimal: kindDecimal, schema.TypeDate: kindDate, schema.TypeDateTime: kindDateTime,
	schema.TypeInstant: kindInstant, schema.TypeTime: kindTime,
}

func kindOf(f *schema.Field) kind {
	switch {
	case f.Choice() && f.ProtoChoice == 0:
		return kindNone
	case f.Type == schema.TypeResource && f.Flags&schema.FlagProtoAny != 0:
		return kindAny
	case f.Type == schema.TypeResource:
		return kindContained
	case f.Flags&schema.FlagSimple != 0:
		return kindSimple
	case f.Type.Type().Kind != schema.KindPrimitive:
		return kindMessage
	case f.Enum != "":
		return kindEnum
	case f.Flags&schema.FlagProtoCode != 0:
		return kindOwnCode
	case f.Owner == schema.TypeReference && f.Name == "reference":
		return kindReference
	}
	if k, ok := primitiveKinds[f.Type]; ok {
		return k
	}
	return kindString
}
