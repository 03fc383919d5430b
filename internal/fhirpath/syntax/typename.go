package syntax

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A TypeName is a type as written: Patient, or FHIR.Patient.
type TypeName struct {
	Position
	Namespace string // "" where none is written
	Name      string
}

// TypeNameOf reads an argument that is a type's name: Patient or FHIR.Patient.
func TypeNameOf(arg Node) (TypeName, bool) {
	switch n := arg.(type) {
	case *Member:
		return TypeName{Position: n.Position, Name: n.Name}, true
	case *Invocation:
		left, ok1 := n.Left.(*Member)
		right, ok2 := n.Right.(*Member)
		if ok1 && ok2 {
			return TypeName{Position: left.Position, Namespace: left.Name, Name: right.Name}, true
		}
	}
	return TypeName{}, false
}

// FHIR returns the FHIR type that as and ofType mean by the name, 0 if they mean none. R4's
// search parameters write DateTime where they mean dateTime.
func (t TypeName) FHIR() schema.TypeID {
	if t.Namespace != "" && t.Namespace != "FHIR" {
		return 0
	}
	fhir, ok := schema.TypeOf(t.Name)
	if !ok && t.Namespace == "" && isSystem[t.Name] {
		fhir, _ = schema.TypeOf(strings.ToLower(t.Name[:1]) + t.Name[1:])
	}
	return fhir
}

// isSystem has the types of FHIRPath's own.
var isSystem = map[string]bool{
	"Boolean": true, "Integer": true, "Decimal": true, "String": true, "Date": true, "DateTime": true, "Time": true, "Quantity": true,
}

// LeadingType returns the type that a path's first name means rather than an element: names
// of types begin with a capital.
func (n *Member) LeadingType() (schema.TypeID, bool) {
	t, ok := schema.TypeOf(n.Name)
	return t, ok && 'A' <= n.Name[0] && n.Name[0] <= 'Z'
}
