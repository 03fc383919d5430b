package schema

// TypeID numbers a [Type]. 0 is no type.
type TypeID uint16

// A Kind is one of four kinds of types.
type Kind uint8

// The kinds.
const (
	KindNone      Kind = iota
	KindPrimitive      // string, code, decimal, …; in JSON a scalar, with an optional object of id and extension
	KindComplex        // HumanName, Quantity, …
	KindBackbone       // an element with elements of its own, named by its path: Patient.contact
	KindResource       // Patient, …; in JSON an object with resourceType
)

// A Type is one shape of value.
type Type struct {
	Name       string // "Patient", "HumanName", "Patient.contact", "code"
	Base       TypeID // the type it specialises; 0 for Element and Resource
	Kind       Kind
	Abstract   bool    // Element, BackboneElement, Resource, DomainResource
	First      FieldID // first of its fields
	End        FieldID // one past the last of its fields
	Proto      string  // full name of the google/fhir message, "" where there is none
	Contained  int32   // number of a resource's field in google/fhir's ContainedResource, 0 for what is none
	Invariants []Invariant
}

// TypeOf returns the type with the given name. Names are case-sensitive.
func TypeOf(name string) (TypeID, bool) {
	lo, hi := 0, len(typesByName)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if Types[typesByName[mid]].Name < name {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(typesByName) && Types[typesByName[lo]].Name == name {
		return typesByName[lo], true
	}
	return 0, false
}

// ResourceType returns the concrete resource type with the given name, as it
// stands in resourceType and in a URL.
func ResourceType(name string) (TypeID, bool) {
	t, ok := TypeOf(name)
	return t, ok && Types[t].Kind == KindResource && !Types[t].Abstract
}

// Type returns the type's row. The zero TypeID has an empty row.
func (t TypeID) Type() *Type { return &Types[t] }

// String returns the type's name.
func (t TypeID) String() string { return Types[t].Name }

// Is reports whether t is base or specialises it.
func (t TypeID) Is(base TypeID) bool {
	for ; t != 0; t = Types[t].Base {
		if t == base {
			return true
		}
	}
	return false
}
