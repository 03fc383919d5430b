package fhirjson

import (
	"encoding/binary"
	"sync"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A class says which scanner a value needs.
type class uint8

// The classes. From classString to classXHTML they are JSON strings, from classInteger
// to classDecimal numbers.
const (
	classNone class = iota
	classObject
	classResource
	classBoolean
	classInteger
	classPositiveInt
	classUnsignedInt
	classDecimal
	classString
	classMarkdown
	classCode
	classElementID // of an element: a string without white space (FHIR R4 §2.24.0.2)
	classID
	classURI // uri, url and canonical
	classOID
	classUUID
	classDate
	classDateTime
	classInstant
	classTime
	classBase64
	classXHTML
)

// classOf returns the class of a type.
func classOf(t *schema.Type) class {
	switch t.Name {
	case "Resource":
		return classResource
	case "boolean":
		return classBoolean
	case "integer":
		return classInteger
	case "positiveInt":
		return classPositiveInt
	case "unsignedInt":
		return classUnsignedInt
	case "decimal":
		return classDecimal
	case "string":
		return classString
	case "markdown":
		return classMarkdown
	case "code":
		return classCode
	case "id":
		return classID
	case "uri", "url", "canonical":
		return classURI
	case "oid":
		return classOID
	case "uuid":
		return classUUID
	case "date":
		return classDate
	case "dateTime":
		return classDateTime
	case "instant":
		return classInstant
	case "time":
		return classTime
	case "base64Binary":
		return classBase64
	case "xhtml":
		return classXHTML
	}
	return classObject
}

func (c class) primitive() bool { return c >= classBoolean }
func (c class) number() bool    { return c >= classInteger && c <= classDecimal }
func (c class) text() bool      { return c >= classString }

// A rule is a schema.Field in the parser's form, packed so that the rules of a resource
// stay in the cache.
type rule struct {
	// The name with the quote that closes it, as it stands in the source: head
	// is its first eight bytes under mask, tail its last eight if the name alone
	// is that long.
	head, mask, tail uint64

	name     string
	codes    *schema.Binding // required codes of a code element, nil for none
	typ      schema.TypeID
	element  schema.FieldID // the first alternative: equal for all alternatives of a choice
	max      uint16
	min      uint8
	class    class
	array    bool
	required bool // one of the element's alternatives must be present
	twin     bool // an underscore twin is allowed
}

// rules are the schema's tables in the parser's form.
type rules struct {
	fields    []rule
	checks    []check // by field
	required  []uint8 // by type: how many elements must be present
	resources map[string]schema.TypeID
}

// loadRules derives the rules from the schema once, when the first document is
// parsed.
var loadRules = sync.OnceValue(func() *rules {
	rs := &rules{
		fields:    make([]rule, len(schema.Fields)),
		checks:    make([]check, len(schema.Fields)),
		required:  make([]uint8, len(schema.Types)),
		resources: make(map[string]schema.TypeID),
	}
	rs.fields[0].head = 1 // under the zero mask: matches nothing
	rs.checks[0] = checkResource
	for i := range schema.Types {
		t := schema.TypeID(i)
		row := t.Type()
		if row.Kind == schema.KindResource && !row.Abstract {
			rs.resources[row.Name] = t
		}
		for f := row.First; f < row.End; f++ {
			r := newRule(f)
			if f > row.First && f.Field().Choice() && (f-1).Field().Element == f.Field().Element {
				r.element = rs.fields[f-1].element
			}
			if r.required && r.element == f {
				rs.required[t]++
			}
			rs.fields[f], rs.checks[f] = r, checkOf(f)
		}
	}
	return rs
})

func newRule(f schema.FieldID) rule {
	row := f.Field()
	r := rule{
		name: row.Name, typ: row.Type, element: f, max: row.Max, min: row.Min,
		array: row.Array(), required: row.Min > 0,
		class: classOf(row.Type.Type()),
	}
	if row.Name == "id" && r.class == classString {
		r.class = classElementID
	}
	if b := row.Binding.Binding(); r.class == classCode && b.Strength == schema.StrengthRequired && b.Codes != nil {
		r.codes = b
	}
	// An attribute in XML has no extensions, nor has XHTML (FHIR R4 §2.6.2, §2.24.0.1).
	attribute := row.Name == "id" || row.Name == "url" && row.Owner.Type().Name == "Extension"
	r.twin = r.class.primitive() && !attribute && r.class != classXHTML

	quoted := row.Name + `"`
	var word [8]byte
	copy(word[:], quoted)
	r.head = binary.LittleEndian.Uint64(word[:])
	r.mask = ^uint64(0)
	if n := len(quoted); n < 8 {
		r.mask = 1<<(8*n) - 1
	} else {
		r.tail = binary.LittleEndian.Uint64([]byte(quoted[n-8:]))
	}
	return r
}

// match reports whether the name of r, with its closing quote, stands at src[pos:], and
// returns the offset after it, or 0. Near the end of src it may miss a name.
func (r *rule) match(src []byte, pos int) int {
	n := len(r.name) + 1
	if pos+n+8 > len(src) {
		return 0
	}
	if binary.LittleEndian.Uint64(src[pos:])&r.mask != r.head {
		return 0
	}
	if n > 8 {
		if binary.LittleEndian.Uint64(src[pos+n-8:]) != r.tail {
			return 0
		}
		if n > 16 && string(src[pos+8:pos+n-8]) != r.name[8:n-8] {
			return 0
		}
	}
	return pos + n
}
