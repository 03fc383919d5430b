package schema

// FieldID numbers a [Field]. 0 is no field.
type FieldID uint16

// A Field is one property name of the JSON form of a type.
type Field struct {
	Name    string // JSON property: "valueQuantity"
	Element string // name of the element in FHIRPath: "value"
	Owner   TypeID // the type it is a field of
	Type    TypeID // the type of its values; the abstract Resource where any resource may stand
	Min     uint8  // least number of values of the element, all alternatives of a choice together
	Flags   Flags
	Max     uint16 // greatest number of values; Unbounded for "*"
	Binding BindingID
	Targets []TypeID // allowed targets of a Reference or canonical; nil where any resource may be
	Proto   int32    // number of the element's field in the proto message of Owner
	// ProtoChoice is the number of the alternative in the message of the choice, 0 for no choice.
	ProtoChoice int32
	Enum        string // full name of the enum that holds the codes of a required binding, "" for none
	// Invariants are the constraints of the definition on this element, in addition to
	// its type's.
	Invariants []Invariant
}

// Unbounded is the Max of a field that may repeat without limit.
const Unbounded = 0xffff

// Flags are yes-no properties of a field.
type Flags uint8

// The flags of a field.
const (
	FlagArray     Flags = 1 << iota // a JSON array: max is not 1
	FlagChoice                      // one alternative of an element with a choice of types
	FlagSummary                     // part of the summary form
	FlagModifier                    // isModifier
	FlagProtoAny                    // the proto holds the resource in an Any, not in a ContainedResource
	FlagProtoCode                   // the proto has a message for this code alone, with a string in field 4 where Code has it in 1
	FlagSimple                      // a Quantity of the profile SimpleQuantity, which has no comparator
)

// Field returns the field's row. The zero FieldID has an empty row.
func (f FieldID) Field() *Field { return &Fields[f] }

// Array reports whether the field is an array in JSON.
func (f *Field) Array() bool { return f.Flags&FlagArray != 0 }

// Choice reports whether the field is one alternative of a choice.
func (f *Field) Choice() bool { return f.Flags&FlagChoice != 0 }

// Lookup returns the field of t with the given JSON property name, or 0. It
// knows neither resourceType nor names that begin with an underscore.
func Lookup[S ~string | ~[]byte](t TypeID, name S) FieldID {
	h := fieldHash(t, name)
	for i := h % uint32(len(fieldTable)); ; i++ {
		if i == uint32(len(fieldTable)) {
			i = 0
		}
		f := fieldTable[i]
		if f == 0 {
			return 0
		}
		if row := &Fields[f]; row.Owner == t && row.Name == string(name) {
			return f
		}
	}
}

// Element returns the range of the fields of t whose element has the given
// FHIRPath name: one field, or all alternatives of a choice. It is empty,
// first == end, where t has no such element.
func Element(t TypeID, name string) (first, end FieldID) {
	row := &Types[t]
	for f := row.First; f < row.End; f++ {
		if Fields[f].Element == name {
			first = f
			for end = f + 1; end < row.End && Fields[end].Element == name; end++ {
			}
			return first, end
		}
	}
	return 0, 0
}

// fieldHash mixes a type and a name. The table that the generator lays out
// and Lookup must agree on it.
func fieldHash[S ~string | ~[]byte](t TypeID, name S) uint32 {
	h := uint32(t)*0x9e3779b1 ^ uint32(len(name))
	for i := 0; i < len(name); i++ {
		h = (h ^ uint32(name[i])) * 0x01000193
	}
	return h ^ h>>15
}
